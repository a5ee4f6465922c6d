import { describe, expect, test } from 'vitest';
import { isCode } from '../../src/errors.js';
import { fixture } from '../iceberg/deletes/support.js';
import { type FaultKind, Faults } from '../support/faults.js';
import { FreeTable } from '../support/free-table.js';
import { ORC, type SeenTable, seeTable } from '../support/rows.js';
import { type Asked, SpeltWorld } from '../support/spelt-world.js';
import { someBytes } from '../support/table.js';

const A = 's3://b/t/data/a.parquet';
const E = 's3://b/t/data/aé 😀.parquet';
/** A name that has to be tried out in its new place. */
const FAR = 's3://far/files/x//f.parquet';
const METADATA = 's3://meta/of/t';
const MAPS = ['s3://far/files=s3://elsewhere/files', 's3://meta/of=s3://elsewhere2/m'] as const;

/** Position deletes in Avro, Parquet's place taken by ORC, vectors, statistics, a data file far away and metadata far away, in two snapshots. */
async function richTable(world: SpeltWorld): Promise<FreeTable> {
  const table = new FreeTable(world, 's3://b/t', { 'write.metadata.path': METADATA, 'write.data.path': '' });
  const a = await table.put(A, someBytes('a'));
  const e = await table.put(E, someBytes('e'));
  const far = await table.put(FAR, someBytes('far'));
  const gone = { path: 's3://far/files/y/gone.parquet', size: 7, status: 2 as const };
  const data = await table.manifest([a, e, far, gone]);
  const avro = await table.putDeletes('s3://b/t/data/d.avro', [
    [A, 1],
    [A, 7],
    [FAR, 3],
    ['s3://nowhere/else.parquet', 4],
  ]);
  const bounded = { ...avro, bounds: [A, 's3://nowhere/else.parquet'] as const };
  const orc = await table.put('s3://b/t/data/d.orc', fixture(ORC), { content: 1, format: 'ORC', records: 200 });
  const one = await table.putDeletes('s3://far/files/d1.avro', [[E, 5]], { referenced: E, bounds: [E, E] });
  const deletes = await table.manifest([bounded, orc, one]);
  const first = await table.commit([data, deletes]);
  const vectors = await table.putVectors('s3://b/t/data/v.puffin', [A, FAR]);
  const equality = await table.put('s3://b/t/data/eq.parquet', someBytes('eq'), { content: 2 });
  const later = await table.manifest([...vectors, equality, { ...one, status: 0 }, { ...orc, status: 2 }]);
  const second = await table.commit([data, later]);
  const inside = await table.put('s3://b/t/metadata/s1.puffin', someBytes('s1'));
  const outside = await table.put('s3://far/files/stats/s2.puffin', someBytes('s2'));
  table.statistics = [
    { ...inside, snapshot: first },
    { ...outside, snapshot: second },
    { path: 's3://b/t/metadata/lost.puffin', size: 9, snapshot: first },
  ];
  await table.write();
  return table;
}

/** What the source says, without its lost statistics. */
async function seeSource(world: SpeltWorld, table: FreeTable): Promise<SeenTable> {
  const read = (uri: string) => (uri.endsWith('/lost.puffin') ? Buffer.alloc(9) : world.read(uri));
  return seeTable(table.metadataLocation, read);
}

const SOURCES = /^(s3[an]?:\/\/)?(b|far|meta|nowhere)\//;

async function expectRestored(world: SpeltWorld, source: SeenTable, metadataLocation: string): Promise<void> {
  const seen = await seeTable(metadataLocation, (uri) => world.read(uri));
  expect(seen.snapshots).toEqual(source.snapshots);
  expect([...seen.paths].filter((path) => SOURCES.test(path))).toEqual([]);
  const there = ['wh', 'elsewhere', 'elsewhere2'].flatMap((bucket) => world.keys(bucket).map((key) => `s3://${bucket}/${key}`));
  expect(there.sort()).toEqual([...seen.objects].sort());
}

const sources = (world: SpeltWorld) => ['b', 'far', 'meta', 'repo'].map((bucket) => world.dump(bucket));
const targets = (world: SpeltWorld) => ['wh', 'elsewhere', 'elsewhere2'].flatMap((bucket) => world.keys(bucket));

async function prepare(mode: 'copy' | 'reference', asked: Asked) {
  const world = new SpeltWorld();
  const source = await seeSource(world, await richTable(world));
  await world.backup({ mode });
  const faults = new Faults();
  await world.fork().restore(asked, faults);
  return { world, source, requests: faults.ops };
}

describe.each([
  ['copy', MAPS],
  ['copy', []],
  ['reference', MAPS],
] as const)('a table with deletes, statistics and files far away, mode %s, maps %s', (mode, maps) => {
  test('comes back with the same rows, no path of its source, and nothing besides', async () => {
    const { world, source } = await prepare(mode, { maps });
    expect((await world.verify()).problems).toEqual([]);
    const before = sources(world);
    const { metadataLocation } = await world.restore({ maps });
    await expectRestored(world, source, metadataLocation as string);
    expect(sources(world)).toEqual(before);
  });

  test.each(['crash-before', 'crash-after', 'outage-after', 'once-before'] as const)(
    '%s at every request: the same command finishes, and the same with --abort leaves nothing',
    { timeout: 240_000 },
    async (kind) => {
      const { world, source, requests } = await prepare(mode, { maps });
      expect(requests).toBeGreaterThan(50);
      for (let at = 0; at < requests; at++) {
        await survives(world, source, { maps }, kind, at).catch((error: unknown) => {
          throw new Error(`${kind} at request ${at} of ${requests}`, { cause: error });
        });
      }
    },
  );
});

async function survives(before: SpeltWorld, source: SeenTable, asked: Asked, kind: FaultKind, at: number): Promise<void> {
  const world = before.fork();
  const untouched = sources(world);
  const first = await world.restore(asked, new Faults(kind, at)).catch((error: unknown) => error);
  const registered = world.tables.get('db.r');
  if (first instanceof Error) {
    if (kind.startsWith('crash')) expect(first).toMatchObject({ name: 'Killed' });
    else expect(isCode(first, 'storage-unavailable', 'catalog-unavailable', 'commit-unknown')).toBe(true);
    await expectAbortable(world.fork(), asked);
    const claimed = targets(world).some((key) => key.includes('.bcn-restore-'));
    const again = await world.restore(asked).catch((error: unknown) => error);
    // Only the last answer of all was lost: the table is there, and nothing says any more whose it is.
    if (again instanceof Error) expect(registered && !claimed && isCode(again, 'table-exists')).toBe(true);
    else expect(again).toMatchObject({ outcome: registered ? 'already' : 'restored' });
    if (registered) expect(world.tables.get('db.r')).toEqual(registered);
  }
  await expectRestored(world, source, world.tables.get('db.r')?.metadataLocation as string);
  expect([...world.tables.keys()]).toEqual(['db.t', 'db.r']);
  expect(sources(world)).toEqual(untouched);
}

/** After the abort, which the clock lets happen, another restore can have the same places. */
async function expectAbortable(world: SpeltWorld, asked: Asked): Promise<void> {
  world.now += 16 * 60_000;
  if (world.tables.has('db.r')) return;
  const aborted = await world.abort(asked).catch((error: unknown) => error);
  if (aborted instanceof Error) expect(isCode(aborted, 'object-not-found')).toBe(true);
  expect(targets(world)).toEqual([]);
  expect(await world.restore({ ...asked, target: { namespace: ['db'], name: 'other' } })).toMatchObject({ outcome: 'restored' });
}

test('the same restore twice: one table, and nothing is left in any place', { timeout: 120_000 }, async () => {
  const { world: before, source, requests } = await prepare('copy', { maps: MAPS });
  for (let at = 0; at < requests; at++) {
    const world = before.fork();
    const second: PromiseSettledResult<unknown>[] = [];
    const faults = new Faults(undefined, 0, async (op) => {
      if (op === at) second.push(...(await Promise.allSettled([world.restore({ maps: MAPS })])));
    });
    const results = [...(await Promise.allSettled([world.restore({ maps: MAPS }, faults)])), ...second];
    for (const result of results) {
      if (result.status === 'rejected' && !isCode(result.reason, 'table-exists', 'target-not-empty')) throw result.reason;
    }
    await expectRestored(world, source, world.tables.get('db.r')?.metadataLocation as string).catch((error: unknown) => {
      throw new Error(`at ${at}`, { cause: error });
    });
  }
});

test('a claim that another process with the same command left a moment ago is taken up, in every place', {
  timeout: 120_000,
}, async () => {
  const { world: before, source, requests } = await prepare('copy', { maps: MAPS });
  const claiming = new Faults();
  await before.fork().restore({ maps: MAPS }, claiming);
  const at = claiming.log.findIndex(({ op, key }) => op === 'create' && key.includes('.bcn-restore-'));
  for (let death = at + 1; death < requests; death++) {
    const world = before.fork();
    const faults = new Faults(undefined, 0, async (op) => {
      if (op === at) await world.restore({ maps: MAPS }, new Faults('crash-before', death)).catch(() => {});
    });
    const restored = await world.restore({ maps: MAPS }, faults).catch((error: unknown) => {
      if (isCode(error, 'target-not-empty') && world.tables.has('db.r')) return undefined;
      throw error;
    });
    if (!restored) continue;
    await expectRestored(world, source, restored.metadataLocation as string).catch((error: unknown) => {
      throw new Error(`died at ${death}`, { cause: error });
    });
  }
});

test('an abort that dies at any request: again it leaves nothing, and a restore instead finishes', {
  timeout: 240_000,
}, async () => {
  const { world: before, source, requests } = await prepare('copy', { maps: MAPS });
  const counting = new Faults();
  await before.fork().restore({ maps: MAPS }, counting);
  const register = counting.log.findIndex(({ op, key }) => op === 'create' && key.includes('.registering-'));
  expect(register).toBeGreaterThan(requests / 2);
  await expect(before.restore({ maps: MAPS }, new Faults('crash-before', register))).rejects.toMatchObject({ name: 'Killed' });
  const abort = new Faults();
  await before.fork().abort({ maps: MAPS }, abort);
  for (const kind of ['crash-before', 'crash-after'] as const) {
    for (let at = 0; at < abort.ops; at++) {
      const world = before.fork();
      await world.abort({ maps: MAPS }, new Faults(kind, at)).catch(() => {});
      const other = world.fork();
      const again = await world.abort({ maps: MAPS }).catch((error: unknown) => error);
      if (again instanceof Error) expect(isCode(again, 'object-not-found'), `${kind} at ${at}`).toBe(true);
      expect(targets(world), `${kind} at ${at}`).toEqual([]);
      // What the abort had announced keeps a restore from registering until an abort ends.
      const restored = await other.restore({ maps: MAPS }).catch((error: unknown) => error);
      if (restored instanceof Error) expect(isCode(restored, 'target-not-empty'), `${kind} at ${at}`).toBe(true);
      else await expectRestored(other, source, other.tables.get('db.r')?.metadataLocation as string);
    }
  }
});
