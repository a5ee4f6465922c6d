import { describe, expect, test } from 'vitest';
import { isCode } from '../../src/errors.js';
import { fixture } from '../iceberg/deletes/support.js';
import { type FaultKind, Faults } from '../support/faults.js';
import { type FreeFile, FreeTable } from '../support/free-table.js';
import { expectRestored, richTable, seeSource } from '../support/rich-table.js';
import { ORC, type SeenTable, seeTable } from '../support/rows.js';
import { SpeltWorld } from '../support/spelt-world.js';
import { someBytes } from '../support/table.js';
import { failure } from '../support/world.js';

const A = 's3://b/t/data/a.parquet';
const sources = (world: SpeltWorld) => ['b', 'far', 'meta'].map((bucket) => world.dump(bucket));

/** A rich table; with `based`, an earlier state of it is backed up already. */
async function prepare(mode: 'copy' | 'reference', based: boolean) {
  const world = new SpeltWorld();
  const table = await richTable(world);
  if (based) await world.backup({ name: 'base', mode });
  const more = await table.putDeletes('s3://b/t/data/d2.avro', [[A, 8]], { bounds: [A, A] });
  await table.commit([await table.manifest([{ ...(await table.put('s3://far/files/g.parquet', someBytes('g'))) }, more])]);
  const source = await seeSource(world, table);
  const faults = new Faults();
  await world.fork().backup({ mode }, faults);
  return { world, source, requests: faults.ops };
}

async function survives(before: SpeltWorld, source: SeenTable, mode: 'copy' | 'reference', kind: FaultKind, at: number) {
  const world = before.fork();
  const untouched = sources(world);
  const first = await world.backup({ mode }, new Faults(kind, at)).catch((error: unknown) => error);
  if (first instanceof Error) {
    if (kind.startsWith('crash')) expect(first).toMatchObject({ name: 'Killed' });
    else expect(isCode(first, 'storage-unavailable', 'catalog-unavailable')).toBe(true);
    const made = (await world.commitOf('b')) !== undefined;
    expect((await world.backup({ mode })).outcome).toBe(made ? 'already' : 'created');
  }
  expect((await world.verify()).problems).toEqual([]);
  const { metadataLocation } = await world.restore();
  await expectRestored(world, source, metadataLocation as string);
  expect(sources(world)).toEqual(untouched);
}

describe.each([
  ['copy', false, ['crash-after']],
  ['copy', true, ['crash-before', 'crash-after']],
  ['reference', true, ['crash-after']],
] as const)('a table with deletes, statistics and files far away, mode %s, with a base: %s', (mode, based, kinds) => {
  test.each(kinds as readonly FaultKind[])(
    '%s at every request: the same command finishes',
    { timeout: 120_000 },
    async (kind) => {
      const { world, source, requests } = await prepare(mode, based);
      for (let at = 0; at < requests; at++) {
        await survives(world, source, mode, kind, at).catch((error: unknown) => {
          throw new Error(`${kind} at request ${at} of ${requests}`, { cause: error });
        });
      }
    },
  );

  test('a dry run writes nothing', async () => {
    const { world } = await prepare(mode, based);
    const before = world.dump('repo');
    expect((await world.backup({ mode, dryRun: true })).outcome).toBe('planned');
    expect(world.dump('repo')).toEqual(before);
  });
});

describe('a delete file that a restore could not write anew', () => {
  const real = fixture('spark-snappy.parquet');
  const cases: readonly (readonly [string, Buffer, Partial<FreeFile>, 'corrupt' | 'unsupported'])[] = [
    ['empty', Buffer.alloc(0), {}, 'corrupt'],
    ['one byte', Buffer.from('P'), {}, 'corrupt'],
    ['only a magic', Buffer.from('PAR1'), {}, 'corrupt'],
    ['both magics', Buffer.from('PAR1PAR1'), {}, 'corrupt'],
    ['garbage', someBytes('garbage'), {}, 'corrupt'],
    ['recorded as longer than it is', real, { size: real.length + 1 }, 'corrupt'],
    ['recorded as much longer', real, { size: 9 * 1024 * 1024 }, 'corrupt'],
    ['recorded as shorter', real, { size: real.length - 1 }, 'corrupt'],
    ['recorded as empty', real, { size: 0 }, 'corrupt'],
    ['encrypted', fixture('sealed-footer.parquet'), {}, 'unsupported'],
    ['cut-off Avro', Buffer.from('Obj\x01'), {}, 'corrupt'],
    ['cut-off ORC', Buffer.from('ORC'), {}, 'corrupt'],
    ['cut-off Puffin', Buffer.from('PFA1PFA1'), {}, 'corrupt'],
  ];

  test.each(cases)('%s: named, and nothing is written', async (_, bytes, more, code) => {
    const world = new SpeltWorld();
    const table = new FreeTable(world);
    const data = await table.manifest([await table.put(A, someBytes('a'))]);
    const file = await table.put('s3://b/t/data/d.parquet', bytes, { content: 1, ...more });
    await table.commit([data, await table.manifest([file])]);
    const error = await failure(world.backup(), code);
    expect(`${error.message} ${error.object}`).toContain('t/data/d.parquet');
    expect(error.hint).toBeTruthy();
    expect(world.keys('repo')).toEqual([]);
  });

  test('missing: named, and nothing is written', async () => {
    const world = new SpeltWorld();
    const table = new FreeTable(world);
    const data = await table.manifest([await table.put(A, someBytes('a'))]);
    await table.commit([data, await table.manifest([{ path: 's3://b/t/data/d.parquet', size: 9, content: 1 }])]);
    expect((await failure(world.backup(), 'corrupt')).object).toBe('s3://b/t/data/d.parquet');
    expect(world.keys('repo')).toEqual([]);
  });

  test('… but only deleted: nobody looks', async () => {
    const world = new SpeltWorld();
    const table = new FreeTable(world);
    const data = await table.manifest([await table.put(A, someBytes('a'))]);
    await table.commit([data, await table.manifest([{ path: 's3://b/t/data/d.parquet', size: 9, content: 1, status: 2 }])]);
    await world.backup();
    const { metadataLocation } = await world.restore();
    expect((await seeTable(metadataLocation as string, (uri) => world.read(uri))).paths).toContain('s3://wh/db/r/data/d.parquet');
  });

  test('equality deletes are anything', async () => {
    const world = new SpeltWorld();
    const table = new FreeTable(world);
    const eq = await table.put('s3://b/t/data/e.parquet', someBytes('eq'), { content: 2 });
    await table.commit([await table.manifest([eq])]);
    await world.backup();
    await world.restore();
    expect(world.read('s3://wh/db/r/data/e.parquet')).toEqual(someBytes('eq'));
  });

  test('two lengths for one file: named', async () => {
    const world = new SpeltWorld();
    const table = new FreeTable(world);
    const file = await table.putDeletes('s3://b/t/data/d.avro', [[A, 1]]);
    await table.commit([await table.manifest([file]), await table.manifest([{ ...file, size: file.size + 1 }])]);
    expect((await failure(world.backup(), 'corrupt')).object).toBe('s3://b/t/data/d.avro');
  });

  test('two lengths for two spellings of one: named', async () => {
    const world = new SpeltWorld();
    const table = new FreeTable(world);
    const file = await table.putDeletes('s3://b/t/data/d.avro', [[A, 1]]);
    const other = { ...file, path: 's3a://b/t/data/d.avro', size: file.size - 1 };
    await table.commit([await table.manifest([file]), await table.manifest([other])]);
    await failure(world.backup(), 'corrupt');
    expect(world.keys('repo', 'backups/')).toEqual([]);
  });
});

describe('incremental', () => {
  test('delete files of the base are neither read nor copied again, and keep what is known of them', async () => {
    const { world, source } = await prepare('copy', true);
    const faults = new Faults();
    await world.backup({}, faults);
    const read = faults.done('read', 'copy').filter((key) => /\/data\/[^/]*\.(avro|orc|puffin)$|d1\.avro/.test(key));
    expect(new Set(read)).toEqual(new Set(['memory://b/t/data/d2.avro', expect.stringContaining('/b/t/data/d2.avro')]));
    // The base is not needed.
    await world.remove(`s3://repo/backups/base.json`);
    const { metadataLocation } = await world.restore();
    await expectRestored(world, source, metadataLocation as string);
  });

  test('a file of the base that a new manifest carries is reused, with its format', async () => {
    const world = new SpeltWorld();
    const table = new FreeTable(world);
    const data = await table.manifest([await table.put(A, someBytes('a'))]);
    const orc = await table.put('s3://b/t/data/d.orc', fixture(ORC), { content: 1, format: 'ORC', records: 200 });
    await table.commit([data, await table.manifest([orc])]);
    await world.backup({ name: 'base' });
    await table.commit([data, await table.manifest([{ ...orc, status: 0 }])]);
    expect((await world.backup()).backup?.tables[0]?.files).toEqual({ total: 2, new: 0 });
    await world.restore();
    expect(world.keys('wh').filter((key) => key.includes('/data/'))).toEqual(['db/r/data/a.parquet', 'db/r/data/d.orc.parquet']);
  });

  test('counts stay true over unchanged tables and tables that only add', async () => {
    const { world } = await prepare('copy', true);
    const count = async (name: string) => {
      const total = (await world.backup({ name })).backup?.tables[0]?.files.total;
      expect((await world.verify({ name })).checked.files).toBe(total);
      return total;
    };
    expect(await count('b')).toBe(await count('again'));
  });

  test('a spelling of a file that the base holds in another one is one more line, and one more copy at most', async () => {
    const world = new SpeltWorld();
    const table = new FreeTable(world);
    const data = await table.put(A, someBytes('a'));
    const first = await table.manifest([data]);
    await table.commit([first]);
    await world.backup({ name: 'base' });
    await table.commit([first, await table.manifest([{ ...data, path: 's3a://b/t/data/a.parquet' }])]);
    await world.backup();
    expect((await world.verify()).problems).toEqual([]);
    const { metadataLocation } = await world.restore();
    await seeTable(metadataLocation as string, (uri) => world.read(uri));
    expect(world.keys('wh').filter((key) => key.includes('/data/'))).toEqual(['db/r/data/a.parquet']);
  });
});
