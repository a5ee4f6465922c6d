import { expect, test } from 'vitest';
import { loadBackup } from '../../src/repository/load.js';
import { expectTable, type Restored } from '../support/compare.js';
import { failure, type World } from '../support/world.js';
import { prepare } from './weak-world.js';

/** Two backups of one name, made at once. */
async function twins() {
  const { world, captured } = await prepare('late', ['base']);
  let n = 0;
  const both: Awaited<ReturnType<World['backup']>>[] = [];
  world.gap = async (key) => {
    if (key.includes('/backups/') && n++ === 0) both.push(await world.backup());
  };
  // The second one must not continue the run of the first.
  const first = await world.backup({ fresh: true });
  world.gap = async () => {};
  const selectors = [...both, first].map(({ backup }) => backup?.selector as string);
  return { world, captured, selectors };
}

test('the name of two backups is refused for reading, with what to ask for instead', async () => {
  const { world, captured, selectors } = await twins();
  expect(new Set(selectors).size).toBe(2);
  expect(world.notes.filter((note) => note.includes('made at the same time'))).toHaveLength(1);
  for (const selector of selectors) expect(world.notes.join('\n')).toContain(selector);
  for (const reading of [
    () => world.restore(),
    () => world.verify(),
    () => loadBackup(world.place(), 'b'),
    () => world.abort(),
  ]) {
    const error = await failure(reading(), 'usage');
    expect(error).toMatchObject({ exit: 2, object: 'memory://repo/backups/b@' });
    for (const selector of selectors) expect(error.message).toContain(selector);
    expect(error.hint).toMatch(/bcn show b@/);
  }
  // Nor may a third one have it.
  expect((await failure(world.backup(), 'backup-exists')).object).toMatch(/^memory:\/\/repo\/backups\/b@.*\.json$/);
  const [one, two] = selectors as [string, string];
  expect((await loadBackup(world.place(), one)).selector).toBe(one);
  // As much of it as tells it apart is enough.
  const stem = two.slice(0, [...two].findIndex((c, i) => c !== one[i]) + 1);
  expect((await loadBackup(world.place(), stem)).selector).toBe(two);
  await failure(loadBackup(world.place(), stem.slice(0, -1)), 'usage');
  await failure(loadBackup(world.place(), `${two}x`), 'backup-not-found');
  await expectTable(world, captured, (await world.restore({ backupName: stem })) as Restored);
});

test('once one of the two is deleted the name means the other; once both are, it is free', async () => {
  const { world, selectors } = await twins();
  const remove = async (selector: string) => {
    const { id } = await loadBackup(world.place(), selector);
    await world.put(world.uri('repo', `events/${id}/1-deleted.json`), '{}');
  };
  await remove(selectors[0] as string);
  expect((await loadBackup(world.place(), 'b')).selector).toBe(selectors[1]);
  expect(await failure(loadBackup(world.place(), selectors[0] as string), 'backup-not-found')).toMatchObject({ exit: 20 });
  await failure(world.backup(), 'backup-exists');
  await remove(selectors[1] as string);
  expect((await failure(world.restore(), 'backup-not-found')).message).toContain('was deleted');
  expect((await world.backup()).outcome).toBe('created');
  expect(selectors).not.toContain((await loadBackup(world.place(), 'b')).selector);
});

test('the repository says that it keeps backups by run, and so does the first backup', async () => {
  const { world } = await prepare('late');
  const { plan } = await world.backup({ dryRun: true });
  expect(await world.keys('repo')).toEqual([]);
  expect(plan?.to).toBe('memory://repo/backups/b.json');
  await world.backup({ name: 'first' });
  expect(world.notes.filter((note) => note.includes('without true conditional writes'))).toHaveLength(1);
  expect(JSON.parse((await world.get(world.uri('repo', 'bcn.json'))).toString()).features).toEqual(['commits-by-run']);
  world.notes.length = 0;
  const planned = await world.backup({ dryRun: true });
  expect(planned.plan?.to).toMatch(/^memory:\/\/repo\/backups\/b@\d{8}T\d{6}Z-[0-9a-f]{32}-…\.json$/);
  const { backup } = await world.backup();
  expect(world.notes).toEqual([]);
  const { plan: restored } = await world.restore({ dryRun: true });
  expect(restored?.from).toBe(`memory://repo/backups/${backup?.selector}.json`);
  const hints = (await world.keys('repo')).filter((key) => key.startsWith('tables/'));
  expect(hints.some((key) => key.endsWith(`-${backup?.selector}`))).toBe(true);
});
