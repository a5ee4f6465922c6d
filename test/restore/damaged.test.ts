import { describe, expect, test } from 'vitest';
import { isCode } from '../../src/errors.js';
import { concretePath } from '../../src/iceberg/paths.js';
import { readInventory } from '../../src/repository/inventory.js';
import { readRoot } from '../../src/repository/root.js';
import type { LostFile } from '../../src/restore/losses.js';
import type { RestoreResult } from '../../src/restore/options.js';
import { type Captured, capture, decode, expectTable, type Restored } from '../support/compare.js';
import { Faults, Killed } from '../support/faults.js';
import { richTable } from '../support/rich-table.js';
import { SpeltWorld } from '../support/spelt-world.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { failure, World, type WorldOptions } from '../support/world.js';

async function prepare(kind: WorldOptions['kind'] = 'memory'): Promise<{ world: World; table: TableWriter; captured: Captured }> {
  const world = await World.open({ kind });
  const table = await world.table();
  await table.append([someBytes('0'), someBytes('1', 300)]);
  await table.append([someBytes('2')]);
  await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('3')]);
  world.publish(table);
  return { world, table, captured: await capture(world, table) };
}

/** What the table is but for one file: the metadata names it all the same. */
function without(captured: Captured, name: string): Captured {
  const data = new Map(captured.data);
  for (const path of data.keys()) if (path.endsWith(name)) data.delete(path);
  expect(data.size).toBe(captured.data.size - 1);
  return { ...captured, data };
}

async function allowing(world: World, options: Parameters<World['restore']>[0] = {}, faults = new Faults()) {
  const told: LostFile[] = [];
  const result = await world.restore({ allowDamaged: true, onLost: (lost) => told.push(lost), ...options }, faults);
  return { result, told };
}

describe('a backup whose source lacked a file', () => {
  async function incomplete() {
    const { world, table, captured } = await prepare();
    const lost = world.uri('src', 'db/t/data/f-1.parquet');
    await world.remove(lost);
    await world.backup({ allowMissing: true });
    return { world, table, captured, lost };
  }

  test('is refused before anything is written; the hint names the flag', async () => {
    const { world } = await incomplete();
    const error = await failure(world.restore(), 'corrupt');
    expect(error).toMatchObject({ exit: 32, table: 'db.t', message: expect.stringContaining('1 live files were missing') });
    expect(error.hint).toContain('--allow-damaged');
    expect(await world.keys('wh')).toEqual([]);
    expect(await failure(world.restore({ dryRun: true }), 'corrupt')).toMatchObject({ exit: 32 });
  });

  test('comes back without it, and it is named', async () => {
    const { world, captured, lost } = await incomplete();
    const { result, told } = await allowing(world);
    expect(result).toMatchObject({ outcome: 'restored', lost: { objects: 1, bytes: 300 } });
    expect(told).toEqual([{ object: lost, message: `The live file ${lost} was missing from the source when it was backed up` }]);
    expect(world.notes.filter((note) => note.includes('comes back without it'))).toHaveLength(1);
    await expectTable(world, without(captured, '/f-1.parquet'), result as Restored);
  });

  test('an attempt that was killed once its table was there: it is, and still not whole', async () => {
    const { world } = await incomplete();
    const whole = new Faults();
    await allowing(world.fork(), {}, whole);
    const registered = whole.log.findIndex(({ op }) => op === 'register');
    await allowing(world, {}, new Faults('crash-before', registered + 1)).catch(() => {});
    expect(await allowing(world)).toMatchObject({ result: { outcome: 'already', lost: { objects: 1, bytes: 300 } } });
  });

  test('a dry run says so, and writes nothing', async () => {
    const { world } = await incomplete();
    const { result, told } = await allowing(world, { dryRun: true });
    expect(result).toMatchObject({ outcome: 'planned', lost: { objects: 1 }, plan: { missing: { objects: 1, bytes: 300 } } });
    expect(told).toHaveLength(1);
    expect(await world.keys('wh')).toEqual([]);
  });

  test('history that does not need the file is whole, and refuses nothing', async () => {
    const { world, table } = await incomplete();
    await table.overwrite((path) => path.endsWith('/f-1.parquet'));
    world.publish(table);
    await world.backup({ name: 'later', allowMissing: true });
    await failure(world.restore({ backupName: 'later' }), 'corrupt');
    const result = await world.restore({ backupName: 'later', history: { kind: 'current' } });
    expect(result).toMatchObject({ outcome: 'restored' });
    expect(result.lost).toBeUndefined();
    expect((await world.keys('wh')).filter((key) => key.endsWith('.parquet')).map((key) => key.slice(-11))).toEqual([
      'f-2.parquet',
      'f-3.parquet',
    ]);
  });

  test('more files than a terminal should show: the first are warned of, all are told', async () => {
    const world = await World.open();
    const table = await world.table();
    await table.append(Array.from({ length: 30 }, (_, n) => someBytes(`${n}`)));
    world.publish(table);
    for (const path of table.live().keys()) await world.remove(path);
    await world.backup({ allowMissing: true });
    expect(world.notes.filter((note) => note.includes('missing from the source'))).toHaveLength(21);
    world.notes.length = 0;
    const { told } = await allowing(world);
    expect(told).toHaveLength(30);
    expect(world.notes.filter((note) => note.includes('comes back without it'))).toHaveLength(20);
    expect(world.notes.some((note) => note.startsWith('10 more files'))).toBe(true);
  });
});

const DAMAGES = {
  missing: undefined,
  empty: () => Buffer.alloc(0),
  truncated: (bytes: Buffer) => bytes.subarray(0, -1),
  longer: (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')]),
  altered: (bytes: Buffer) => Buffer.from(bytes.map((byte, n) => (n === 7 ? byte ^ 1 : byte))),
} as const;

describe.each(['memory', 'apart', 'file'] as const)('content that is damaged in the repository (%s)', (kind) => {
  test.each(Object.entries(DAMAGES))(
    '%s: refused; with the flag the table comes back without just that file',
    async (what, damage) => {
      const { world, captured } = await prepare(kind);
      await world.backup();
      const key = (await world.keys('repo')).find((one) => one.endsWith('/data/f-1.parquet')) ?? '';
      const uri = world.uri('repo', key);
      const bytes = await world.get(uri);
      await world.remove(uri);
      if (damage) await world.put(uri, damage(bytes));
      await failure(world.restore(), 'corrupt');
      expect(await world.keys('wh')).toEqual([]);
      const { result, told } = await allowing(world);
      expect(result.lost, what).toEqual({ objects: 1, bytes: 300 });
      expect(told.map(({ object }) => object)).toEqual([uri]);
      await expectTable(world, without(captured, '/f-1.parquet'), result as Restored);
    },
  );
});

test('metadata has to be whole, whatever is allowed: 32, and nothing stays', async () => {
  const { world } = await prepare();
  await world.backup();
  const keys = (await world.keys('repo')).filter((key) => key.includes('/meta/'));
  expect(keys.length).toBeGreaterThan(8);
  for (const key of keys) {
    for (const damage of [DAMAGES.missing, DAMAGES.altered]) {
      const there = world.fork();
      const bytes = await there.get(there.uri('repo', key));
      await there.remove(there.uri('repo', key));
      if (damage) await there.put(there.uri('repo', key), damage(bytes));
      const error = await failure(there.restore({ allowDamaged: true }), 'corrupt');
      expect(error.exit, key).toBe(32);
      expect(await there.keys('wh'), key).toEqual([]);
    }
  }
});

test('killed at any request, the same command finishes, and names the same file', { timeout: 120_000 }, async () => {
  const { world: before, captured } = await prepare();
  await before.backup();
  // The store copies what it is given: the length shows in the last LIST alone.
  const key = (await before.keys('repo')).find((one) => one.endsWith('/data/f-1.parquet')) ?? '';
  await before.put(before.uri('repo', key), 'short');
  const whole = new Faults();
  await allowing(before.fork(), {}, whole);
  let finished = 0;
  for (let at = 0; at < whole.ops; at++) {
    const world = before.fork();
    const died = await allowing(world, {}, new Faults('crash-after', at)).catch((error: unknown) => error);
    const again = died instanceof Killed ? await allowing(world).catch((error: unknown) => error) : died;
    // Its record was the last thing to go: nothing was left to do.
    if (isCode(again, 'table-exists')) continue;
    finished++;
    const { result, told } = again as Awaited<ReturnType<typeof allowing>>;
    if (result.outcome !== 'already')
      expect(
        told.map(({ object }) => object),
        `at ${at}`,
      ).toEqual([before.uri('repo', key)]);
    await expectTable(world, without(captured, '/f-1.parquet'), result as Restored);
  }
  expect(finished).toBeGreaterThan(whole.ops - 5);
});

test('a restore that may lose files and one that may not are two: neither goes on with what the other wrote', async () => {
  const { world } = await prepare();
  await world.backup();
  const all = new Faults();
  await world.fork().restore({}, all);
  await world.restore({}, new Faults('crash-before', all.ops - 6)).catch(() => {});
  await failure(world.restore({ allowDamaged: true }), 'target-not-empty');
  expect(await world.restore()).toMatchObject({ outcome: 'restored' });
});

test('a reference backup whose source lost a file since', async () => {
  const { world, captured } = await prepare();
  await world.backup({ mode: 'reference' });
  const lost = world.uri('src', 'db/t/data/f-1.parquet');
  await world.remove(lost);
  await failure(world.restore(), 'corrupt');
  const { result, told } = await allowing(world);
  expect(told.map(({ object }) => object)).toEqual([lost]);
  await expectTable(world, without(captured, '/f-1.parquet'), result as Restored);
});

/** Every path that the restored table's manifests name, with its recorded length. */
async function named(world: SpeltWorld, { metadataLocation = '' }: RestoreResult): Promise<Map<string, bigint>> {
  const found = new Map<string, bigint>();
  const must = (uri: string) => world.read(uri) ?? expect.fail(uri);
  for (const snapshot of JSON.parse(must(metadataLocation).toString()).snapshots) {
    for (const list of decode(must(snapshot['manifest-list']))) {
      for (const { status, data_file } of decode(must(list.manifest_path as string))) {
        const { file_path, file_size_in_bytes } = data_file as { file_path: string; file_size_in_bytes: bigint };
        if (status !== 2) found.set(file_path, file_size_in_bytes);
      }
    }
  }
  return found;
}

describe('delete files, that a restore writes anew', () => {
  test.each(['missing', 'altered', 'truncated'] as const)('%s: each keeps its entries, as they were recorded', async (what) => {
    const before = new SpeltWorld();
    await richTable(before);
    await before.backup();
    const [table] = (await before.commitOf('b')).tables as [never];
    const place = { store: before.stores().resolve('s3://repo/').store, prefix: '' };
    const root = await readRoot(place, table);
    let seen = 0;
    for await (const { files } of readInventory(place, root.manifests)) {
      for (const { path, key, size, deletes } of files) {
        const world = before.fork();
        const uri = `s3://repo/${key}`;
        const bytes = world.read(uri) as Buffer;
        await world.remove(uri);
        const damage = DAMAGES[what];
        if (damage) await world.put(uri, damage(bytes));
        expect(await failure(world.restore(), 'corrupt')).toMatchObject({ exit: 32 });
        const told: LostFile[] = [];
        const result = await world.restore({ allowDamaged: true, onLost: (lost) => told.push(lost) });
        expect(
          told.map(({ object }) => object),
          path,
        ).toEqual([uri.replace('s3:', 'memory:')]);
        expect(result.lost).toEqual({ objects: 1, bytes: size });
        // Named by the manifests, under its new path and with its old length, and not there. All else is.
        const gone = [...(await named(world, result))].filter(([one]) => world.read(one) === undefined);
        const name = concretePath(path, root.location).replace(/^.*\//, '');
        expect(
          gone.map(([one, length]) => [one.replace(/^.*\//, ''), Number(length)]),
          path,
        ).toEqual([[name, size]]);
        expect(gone[0]?.[0]).toMatch(/^s3:\/\/wh\/db\/r\//);
        if (deletes) seen++;
      }
    }
    expect(seen).toBeGreaterThan(3);
  });
});
