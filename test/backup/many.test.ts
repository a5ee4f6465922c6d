/** Several tables in one backup: each with an outcome of its own. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type BackupSummary, pinnedBetween } from '../../src/repository/summary.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { failure, World } from '../support/world.js';

const ident = (name: string) => ({ namespace: ['db'], name });
const ALL = { namespace: 'db', include: [], exclude: [] };

async function prepare() {
  const world = await World.open();
  const tables = new Map<string, TableWriter>();
  for (const name of ['a', 'b', 'c']) {
    const table = await world.table({}, `db/${name}`);
    await table.append([someBytes(`${name}1`), someBytes(`${name}2`)]);
    world.publish(table, `db.${name}`);
    tables.set(name, table);
  }
  const get = (name: string) => tables.get(name) as TableWriter;
  const names = async (name = 'b') => (await world.commit(name))?.tables.map(({ identifier }) => identifier.join('.'));
  const proof = async (name: string, backup = 'b') => {
    const target = ident(`r_${name}_${backup}`);
    const targetLocation = world.uri('wh', `db/r_${name}_${backup}`);
    const restored = await world.restore({ backupName: backup, table: `db.${name}`, target, targetLocation });
    await expectTable(world, await capture(world, get(name)), restored as Restored);
  };
  return { world, get, names, proof };
}

describe('which tables', () => {
  test('several by name, each once, in the order of their names', async () => {
    const { world, names, proof } = await prepare();
    const { backup, plans } = await world.backup({ tables: [ident('c'), ident('a'), ident('c')] });
    expect(await names()).toEqual(['db.a', 'db.c']);
    expect(plans.map(({ table }) => table)).toEqual(['db.a', 'db.c']);
    expect(backup?.tables.every(({ pinned }) => pinned !== null)).toBe(true);
    expect((await world.verify()).problems).toEqual([]);
    for (const name of ['a', 'c']) await proof(name);
  });

  test.each([
    [ALL, ['db.a', 'db.b', 'db.c']],
    [{ ...ALL, include: ['a', '?'], exclude: ['b'] }, ['db.a', 'db.c']],
    [{ ...ALL, exclude: ['*'] }, undefined],
  ])('all of a namespace, less some: %j', async (tables, expected) => {
    const { world, names } = await prepare();
    if (expected) {
      await world.backup({ tables });
      expect(await names()).toEqual(expected);
    } else await failure(world.backup({ tables }), 'table-not-found');
  });

  test('what is no Iceberg table is skipped among all, and an error by name', async () => {
    const { world, names } = await prepare();
    world.tables.views.add('db.b');
    const { skipped, failed, backup } = await world.backup({ tables: ALL });
    expect({ skipped, failed, partial: backup?.partial }).toEqual({ skipped: ['db.b'], failed: [], partial: false });
    expect(await names()).toEqual(['db.a', 'db.c']);
    await failure(world.backup({ name: 'n', tables: [ident('b')] }), 'unsupported');
  });
});

/** A process for which time passes while the catalog answers (10 s), and while a file is copied (10 min). */
class Slow extends Faults {
  override run<T>(op: string, key: string, call: () => Promise<T>, bytes?: (result: T) => number): Promise<T> {
    if (op === 'load') vi.setSystemTime(Date.now() + 10_000);
    if (op === 'copy') vi.setSystemTime(Date.now() + 600_000);
    return super.run(op, key, call, bytes);
  }
}

test('each table is of the moment at which the catalog was asked for it, however long the others then took', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const { world } = await prepare();
  for (const name of ['d', 'e', 'f', 'g', 'h', 'i', 'j', 'k']) world.tables.set(`db.${name}`, world.tables.get('db.a') as never);
  const { backup } = await world.backup({ tables: ALL }, new Slow());
  const times = backup?.tables.map(({ pinned }) => Date.parse(pinned ?? '')) ?? [];
  expect(times).toHaveLength(11);
  expect(times).toEqual([...times].sort());
  // Eight are asked for at once, the others when one of these has answered; nothing is copied before.
  const apart = (times.at(-1) as number) - (times[0] as number);
  expect(apart).toBeGreaterThanOrEqual(80_000);
  expect(apart).toBeLessThan(600_000);
  expect(pinnedBetween(backup as BackupSummary)?.apart).toBe(apart);
  expect((await world.commit())?.tables.map(({ pinned = '' }) => Date.parse(pinned))).toEqual(times);
});

describe('one that fails', () => {
  test('is named in the backup, which is partial; the others are whole', async () => {
    const { world, get, names, proof } = await prepare();
    const [lost] = [...get('b').live().keys()];
    await world.remove(lost as string);
    const { failed, backup } = await world.backup({ tables: ALL });
    expect(failed).toMatchObject([{ table: 'db.b', code: 'corrupt', object: lost }]);
    expect(backup).toMatchObject({ partial: true, failed });
    expect(await names()).toEqual(['db.a', 'db.c']);
    expect((await world.verify()).problems).toEqual([]);
    for (const name of ['a', 'c']) await proof(name);
    const error = await failure(world.restore({ table: 'db.b' }), 'table-not-found');
    expect(error.message).toContain('is missing from the source');
  });

  test('alone, or with all others, is the error of the command, and nothing is written', async () => {
    const { world, get } = await prepare();
    for (const name of ['a', 'b', 'c']) for (const uri of get(name).live().keys()) await world.remove(uri);
    const error = await failure(world.backup({ tables: ALL }), 'corrupt');
    expect(error.object).toBeTruthy();
    expect(await world.commit()).toBeUndefined();
  });
});

describe('again', () => {
  test('nothing changed: one look at the base for all, a COMMIT, and a hint for each', async () => {
    const { world, names } = await prepare();
    await world.backup({ name: 'first', tables: ALL });
    const faults = new Faults();
    const { backup } = await world.backup({ tables: ALL }, faults);
    expect(await names()).toEqual(['db.a', 'db.b', 'db.c']);
    expect(backup?.tables.map(({ files }) => files.new)).toEqual([0, 0, 0]);
    const requests = faults.log.filter(({ key }) => key.startsWith('memory://repo/')).map(({ op }) => op);
    expect(requests.filter((op) => op === 'create')).toHaveLength(4);
    expect(requests).toHaveLength(1 + 3 + 1 + 1 + 4);
    expect(faults.log.some(({ key }) => key.startsWith('memory://src/'))).toBe(false);
  });

  test('one changed: only its new file is copied', async () => {
    const { world, get, proof } = await prepare();
    await world.backup({ name: 'first', tables: ALL });
    await get('b').append([someBytes('b3')]);
    world.publish(get('b'), 'db.b');
    const faults = new Faults();
    const { backup } = await world.backup({ tables: ALL }, faults);
    expect(faults.done('copy')).toHaveLength(1);
    expect(backup?.tables.map(({ files }) => files)).toEqual([
      { total: 2, new: 0 },
      { total: 3, new: 1 },
      { total: 2, new: 0 },
    ]);
    for (const name of ['a', 'b', 'c']) await proof(name);
  });

  test('killed at any request: the same command finishes without copying twice', { timeout: 120_000 }, async () => {
    const { world: before } = await prepare();
    const count = new Faults();
    await before.fork().backup({ tables: ALL }, count);
    for (let at = 0; at < count.ops; at += 3) {
      const world = before.fork();
      await world.backup({ tables: ALL }, new Faults('crash-after', at)).catch(() => undefined);
      const held = (await world.keys('repo')).filter((key) => key.includes('/data/')).length;
      const again = new Faults();
      const done = await world.backup({ tables: ALL }, again).catch((error: unknown) => error);
      if (!(await world.commit())) throw new Error(`nothing was committed after a crash at ${at}`, { cause: done });
      expect(again.done('copy').length + held, `at ${at}`).toBeLessThanOrEqual(6);
      expect((await world.verify()).problems, `at ${at}`).toEqual([]);
      expect((await world.commit())?.tables).toHaveLength(3);
    }
  });
});
