import { describe, expect, test } from 'vitest';
import { isCode } from '../../src/errors.js';
import { type FaultKind, Faults } from '../support/faults.js';
import { avroDeletes, FreeTable } from '../support/free-table.js';
import { expectRestored, richTable, seeSource } from '../support/rich-table.js';
import { type SeenTable, seeTable } from '../support/rows.js';
import { type Asked, SpeltWorld } from '../support/spelt-world.js';
import { someBytes } from '../support/table.js';
import { failure } from '../support/world.js';

const MAPS = ['s3://far/files=s3://elsewhere/files', 's3://meta/of=s3://elsewhere2/m'] as const;

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
  ['copy', MAPS, ['crash-before', 'crash-after', 'outage-after']],
  ['copy', [], ['crash-after']],
  ['reference', MAPS, ['crash-after']],
] as const)('a table with deletes, statistics and files far away, mode %s, maps %s', (mode, maps, kinds) => {
  test('comes back with the same rows, no path of its source, and nothing besides', async () => {
    const { world, source } = await prepare(mode, { maps });
    expect((await world.verify()).problems).toEqual([]);
    const before = sources(world);
    const { metadataLocation } = await world.restore({ maps });
    await expectRestored(world, source, metadataLocation as string);
    expect(sources(world)).toEqual(before);
  });

  test.each(kinds as readonly FaultKind[])(
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

test('the same command twice at the same moment: the one that joins may try things out before the other has looked again', async () => {
  const { world: before, source } = await prepare('copy', { maps: MAPS });
  const counting = new Faults();
  await before.fork().restore({ maps: MAPS }, counting);
  const claimed = counting.log.findIndex(({ op, key }) => op === 'create' && key.endsWith('.json'));
  const joining = new Faults();
  const trial = before.fork();
  await trial.restore({ maps: MAPS }, new Faults('crash-before', claimed + 1)).catch(() => {});
  await trial.fork().restore({ maps: MAPS }, joining);
  const trying = joining.log.findIndex(({ op, key }) => op === 'create' && key.includes('.trying/'));
  expect(trying).toBeGreaterThan(0);
  const world = before.fork();
  const faults = new Faults(undefined, 0, async (op) => {
    if (op === claimed + 1) await world.restore({ maps: MAPS }, new Faults('crash-before', trying + 1)).catch(() => {});
  });
  const { metadataLocation } = await world.restore({ maps: MAPS }, faults);
  await expectRestored(world, source, metadataLocation as string);
});

/** A restore that was killed when all but its metadata.json was written. */
async function almost(world: SpeltWorld, maps: readonly string[]): Promise<void> {
  const counting = new Faults();
  await world.fork().restore({ maps }, counting);
  const metadata = counting.log.findIndex(({ op, key }) => op === 'create' && key.endsWith('.metadata.json'));
  await world.restore({ maps }, new Faults('crash-before', metadata)).catch(() => {});
}

describe.each([
  ['other bytes of the same length', (bytes: Buffer) => Buffer.alloc(bytes.length, 1)],
  ['another length', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
])('rewritten files that an earlier attempt left with %s', (_, change) => {
  test('take another name, which all that name them know; with --abort all of them go', async () => {
    const { world, source } = await prepare('copy', { maps: MAPS });
    await almost(world, MAPS);
    const left = [
      's3://wh/db/r/data/d.avro',
      's3://wh/db/r/data/d.orc.parquet',
      's3://wh/db/r/data/v.puffin',
      's3://elsewhere/files/d1.avro',
    ];
    for (const uri of left) {
      const bytes = world.read(uri) as Buffer;
      await world.remove(uri);
      await world.put(uri, change(bytes));
    }
    const other = world.fork();
    const { metadataLocation } = await world.restore({ maps: MAPS });
    const renamed = [
      's3://wh/db/r/data/d-r1.avro',
      's3://wh/db/r/data/d.orc-r1.parquet',
      's3://wh/db/r/data/v-r1.puffin',
      's3://elsewhere/files/d1-r1.avro',
    ];
    for (const uri of renamed) expect(world.read(uri), uri).toBeDefined();
    for (const uri of left) await world.remove(uri);
    // Manifests of other bytes, too: those of the first attempt stay beside them.
    const seen = await seeTable(metadataLocation as string, (uri) => world.read(uri));
    expect(seen.snapshots).toEqual(source.snapshots);

    await almost(other, MAPS);
    expect((await other.abort({ maps: MAPS })).objects).toBeGreaterThan(renamed.length + left.length);
    expect(targets(other)).toEqual([]);
  });
});

describe('a delete file of many MiB', () => {
  const rows = Array.from(
    { length: 11_000 },
    (_, n) => [`s3://b/t/data/${'x'.repeat(800)}-${String(n >> 4).padStart(6, '0')}.parquet`, n] as const,
  );

  async function prepareLarge(): Promise<SpeltWorld> {
    const world = new SpeltWorld();
    const table = new FreeTable(world);
    const data = await table.manifest([await table.put(rows[0]?.[0] as string, someBytes('a'))]);
    const large = await table.put('s3://b/t/data/d.avro', avroDeletes(rows, 'null'), {
      content: 1,
      format: 'AVRO',
      records: rows.length,
    });
    await table.commit([data, await table.manifest([large])]);
    await world.backup();
    return world;
  }

  test('is written in parts, and kept or renamed by another attempt', { timeout: 60_000 }, async () => {
    const world = await prepareLarge();
    await almost(world, []);
    const again = new Faults();
    const other = world.fork();
    await world.restore({}, again);
    expect(again.done('upload')).toEqual([]);
    const bytes = other.read('s3://wh/db/r/data/d.avro') as Buffer;
    expect(bytes.length).toBeGreaterThan(8 * 1024 * 1024);
    await other.remove('s3://wh/db/r/data/d.avro');
    await other.put(
      's3://wh/db/r/data/d.avro',
      Buffer.concat([bytes.subarray(0, -1), Buffer.from([~(bytes.at(-1) as number) & 255])]),
    );
    const attempt = new Faults();
    await other.restore({}, attempt);
    // What a crash left of an upload is found by its exact key alone, on some stores.
    expect(attempt.done('abortUploads')).toContain('memory://wh/db/r/data/d-r1.avro');
    expect(other.keys('wh')).toContain('db/r/data/d-r1.avro');
  });

  test.each([
    ['missing', undefined],
    ['altered', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -20), Buffer.alloc(20)])],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, -20)],
  ])('%s in the repository: named as damage, and what was written goes', async (_, change) => {
    const world = await prepareLarge();
    const key = world.keys('repo').find((one) => one.endsWith('/d.avro')) as string;
    const bytes = world.read(`s3://repo/${key}`) as Buffer;
    const late = new Faults(undefined, 0, async (op) => {
      if (op !== 12) return;
      await world.remove(`s3://repo/${key}`);
      if (change) await world.put(`s3://repo/${key}`, change(bytes));
    });
    const error = await failure(world.restore({}, late), 'corrupt');
    expect(error.message).toContain(key);
    expect(world.keys('wh')).toEqual([]);
  });
});
