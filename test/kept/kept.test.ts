import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { showBackup } from '../../src/look/show.js';
import { isRunId } from '../../src/repository/keys.js';
import { listBackups } from '../../src/repository/list.js';
import { unfinishedRuns } from '../../src/runs/runs.js';
import { FileStore } from '../../src/storage/file/file-store.js';
import { COMMANDS } from '../support/commands.js';
import { seeTable } from '../support/rows.js';
import { failure, type World } from '../support/world.js';
import { type Expected, expected, kept, load, readExpected } from './kept.js';

const DAY = 24 * 3_600_000;
let names = 0;

/** Every table of a backup comes back with the rows that were written down. */
async function expectBack(
  world: World,
  backup: string,
  { tables, incomplete }: Pick<Expected[string], 'tables' | 'incomplete'>,
): Promise<void> {
  for (const [table, snapshots] of Object.entries(tables)) {
    const name = `r${names++}`;
    const target = { namespace: ['db'], name };
    if (incomplete) {
      await failure(world.restore({ backupName: backup, table, target, targetLocation: `memory://wh/${name}` }), 'corrupt');
      const options = { backupName: backup, table, target, targetLocation: `memory://wh/${name}`, allowDamaged: true };
      expect((await world.restore(options)).outcome).toBe('restored');
      continue;
    }
    const result = await world.restore({ backupName: backup, table, target, targetLocation: `memory://wh/${name}` });
    const objects = await world.dump('wh', `${name}/`);
    const read = (uri: string) => {
      const found = objects.get(uri);
      return found === undefined ? undefined : Buffer.from(found, 'base64');
    };
    expect(
      (await seeTable((result as { metadataLocation: string }).metadataLocation, read)).snapshots,
      `${backup}: ${table}`,
    ).toEqual(snapshots);
  }
}

test('there is one of each version that was', () => {
  expect(kept).toEqual(expect.arrayContaining(['by-run', 'first', 'format-1']));
});

describe.each(kept)('%s', (name) => {
  const told = expected(name);
  const backups = Object.keys(told);

  test('what was written down is what its source says', async () => {
    expect(await readExpected(await load(name))).toEqual(told);
  });

  test('list, show, cat, diff and runs read it', async () => {
    const world = await load(name);
    const { backups: listed, damaged } = await listBackups(world.place());
    expect([listed.map(({ selector }) => selector).sort(), damaged]).toEqual([[...backups].sort(), []]);
    for (const selector of backups) {
      const { tables } = await showBackup(world.place(), selector);
      expect(tables.map(({ table, error }) => [table, error])).toEqual(
        Object.keys(told[selector]?.tables ?? {}).map((table) => [table, undefined]),
      );
      for (const command of ['cat', 'diff']) await COMMANDS[command]?.(world, selector);
    }
    const { foreign } = await unfinishedRuns(world.place());
    expect(foreign).toEqual([]);
    expect((await world.keys('repo', 'runs/')).map((key) => key.split('/')[1] as string).filter((run) => !isRunId(run))).toEqual(
      [],
    );
  });

  test('every byte is verified, and every backup comes back as it was', { timeout: 60_000 }, async () => {
    const world = await load(name);
    for (const selector of backups) {
      expect((await world.verify({ name: selector })).problems).toEqual([]);
      await expectBack(world, selector, told[selector] as Expected[string]);
    }
  });

  test('as a folder it is the same', { timeout: 60_000 }, async () => {
    const world = await load(name);
    world.repository = { store: new FileStore(), prefix: `${join(import.meta.dirname, name, 'repository').slice(1)}/` };
    for (const selector of backups.filter((one) => told[one]?.mode === 'copy')) {
      expect((await world.verify({ name: selector })).problems).toEqual([]);
      await expectBack(world, selector, told[selector] as Expected[string]);
    }
  });

  test('a backup on top of it copies nothing anew, and is whole', async () => {
    const world = await load(name);
    const [table = ''] = world.tables.keys();
    const [database = '', bare = ''] = table.split('.');
    const ident = [{ namespace: [database], name: bare }] as const;
    const newest = (await listBackups(world.place())).backups.findLast(
      ({ mode, tables }) => mode === 'copy' && tables.some((one) => one.table === table),
    );
    const entry = world.tables.get(table) as { metadataLocation: string; location: string };
    // As the newest backup has it: the run that was interrupted knew a later one.
    const metadataLocation = newest?.tables.find((one) => one.table === table)?.metadataLocation as string;
    world.tables.set(table, { ...entry, metadataLocation });
    await world.backup({ name: 'on-top', tables: ident });
    const text = (await world.get(metadataLocation)).toString().replace('"properties": {', '"properties": { "later": "1",');
    const next = metadataLocation.replace(/[^/]*$/, '09999-later.metadata.json');
    await world.put(next, text);
    world.tables.set(table, { ...entry, metadataLocation: next });
    const { backup } = await world.backup({ name: 'changed', tables: ident });
    expect(backup?.tables[0]?.files).toMatchObject({ new: 0 });
    for (const selector of ['on-top', 'changed']) expect((await world.verify({ name: selector })).problems).toEqual([]);
    const snapshots = told[newest?.selector ?? '']?.tables[table];
    for (const selector of ['on-top', 'changed']) await expectBack(world, selector, { tables: { [table]: snapshots ?? {} } });
  });

  test('prune, after one of them is deleted, takes nothing that the others need', { timeout: 60_000 }, async () => {
    for (const going of backups) {
      const world = await load(name);
      await world.delete(going);
      world.now += 2 * DAY;
      expect((await world.prune()).backups).toContain(going);
      world.now += 2 * DAY;
      await world.prune();
      const others = backups.filter((one) => one !== going);
      for (const selector of others)
        expect((await world.verify({ name: selector })).problems, `${selector} without ${going}`).toEqual([]);
      const [first = ''] = others;
      await expectBack(world, first, told[first] as Expected[string]);
    }
  });
});
