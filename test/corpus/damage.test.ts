/** Damaged tables, made from good ones: never a backup that restores something else, never an error that is a bug. */
import { describe, expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import type { RestoreResult } from '../../src/restore/options.js';
import { parseLocation } from '../../src/storage/location.js';
import { type CorpusTable, corpusTable } from './corpus.js';
import { expectSameTable } from './expect-same.js';
import type { WalkedTable } from './walk.js';
import { World } from './world.js';

const TABLES = [
  'spark-v2',
  'spark-codec-snappy',
  'spark-codec-zstd',
  'py-gzip',
  'py-codec-bzip2',
  'py-codec-null',
  'hand-v1-manifests',
  'spark-deletes-avro',
  'spark-vectors-many',
  'hand-referenced-file',
  'py-add-files-buckets',
].map(corpusTable);

function replace(world: World, uri: string, bytes: Buffer | undefined): void {
  const { bucket, key } = parseLocation(uri);
  const objects = world.service.buckets.get(`memory://${bucket}`);
  const was = objects?.get(key);
  if (!objects || !was) throw new Error(`no ${uri}`);
  if (bytes) objects.set(key, { ...was, bytes });
  else objects.delete(key);
}

interface Files {
  readonly metadata: readonly string[];
  readonly data: readonly string[];
}

/** URIs of all that the table's current metadata names. */
async function filesNamed(table: CorpusTable, world: World): Promise<Files> {
  const walked = await world.walk(table);
  return { metadata: [...walked.plain.keys()], data: [...walked.live.keys()] };
}

async function failure(world: World, table: CorpusTable): Promise<BcnError | undefined> {
  try {
    await world.backup(table.name, 'b');
    return undefined;
  } catch (error) {
    if (error instanceof BcnError && error.code !== 'unexpected') return error;
    throw error;
  }
}

describe.each(TABLES)('$name', (table) => {
  test('a metadata file that is missing, empty or cut is corrupt, and named', async () => {
    const { metadata } = await filesNamed(table, await World.with(table));
    for (const uri of metadata) {
      const whole = (await World.with(table)).object(uri) as Buffer;
      for (const length of [undefined, 0, 1, 20, whole.length >> 1, whole.length - 20, whole.length - 1]) {
        const world = await World.with(table);
        replace(world, uri, length === undefined ? undefined : whole.subarray(0, length));
        const error = await failure(world, table);
        expect(error, `${uri} cut to ${length}`).toMatchObject({ code: 'corrupt', exit: 32 });
        expect(`${error?.object} ${error?.message}`).toContain(uri);
        expect(world.keys('backups').filter((key) => key.includes('backups/'))).toEqual([]);
      }
    }
  });

  test('a live data file that is missing or of another length is named', async () => {
    const { data } = await filesNamed(table, await World.with(table));
    for (const uri of data) {
      const whole = (await World.with(table)).object(uri) as Buffer;
      for (const bytes of [undefined, whole.subarray(1), Buffer.concat([whole, Buffer.from('x')])]) {
        for (const mode of ['copy', 'reference'] as const) {
          const world = await World.with(table);
          replace(world, uri, bytes);
          const error = await world.backup(table.name, 'b', mode).catch((thrown: unknown) => thrown);
          expect(error).toMatchObject({ code: 'corrupt', object: uri });
          expect(world.keys('backups').filter((key) => key.includes('backups/'))).toEqual([]);
        }
      }
    }
  });

  test('a flipped bit gives an error, or the table with that bit flipped', { timeout: 120_000 }, async () => {
    const { metadata } = await filesNamed(table, await World.with(table));
    let refused = 0;
    for (const uri of metadata) {
      const whole = (await World.with(table)).object(uri) as Buffer;
      const step = Math.ceil(whole.length / 24);
      for (let at = 3; at < whole.length; at += step) {
        const world = await World.with(table);
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
        replace(world, uri, bytes);
        if (await failure(world, table)) {
          refused++;
          continue;
        }
        const source = await readable(world, table);
        const restored = await restoreAll(world);
        if (source) expectSameTable(await world.walkRestored(restored), source);
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});

const DELETES = ['spark-deletes-partition', 'spark-deletes-avro', 'spark-vectors-many', 'hand-puffin-packed'];

describe.each(DELETES.map(corpusTable))('delete files of $name', (table) => {
  test('a flipped bit gives an error, or rows with that bit flipped', { timeout: 120_000 }, async () => {
    const { live } = await (await World.with(table)).walk(table);
    let [refused, same] = [0, 0];
    for (const [uri, { bytes: whole, content }] of live) {
      if (content === 0n) continue;
      const step = Math.max(1, Math.floor(whole.length / 150));
      for (let at = 0; at < whole.length; at += step) {
        const world = await World.with(table);
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
        replace(world, uri, bytes);
        const source = await readable(world, table);
        const restored = await restoredOrFailure(world, table);
        if (restored instanceof BcnError) {
          refused++;
        } else if (source) {
          same++;
          expectSameTable(await world.walkRestored(restored), source);
        }
      }
    }
    expect(refused).toBeGreaterThan(0);
    expect(same).toBeGreaterThan(0);
  });
});

async function restoredOrFailure(world: World, table: CorpusTable): Promise<RestoreResult | BcnError> {
  const failed = await failure(world, table);
  if (failed) return failed;
  try {
    return await world.restore('b', 'restored', 's3://elsewhere/t');
  } catch (error) {
    if (error instanceof BcnError && error.code !== 'unexpected') return error;
    throw error;
  }
}

/** What the reader of these tests cannot read, who knows fields by their names, has no meaning to compare. */
function readable(world: World, table: CorpusTable): Promise<WalkedTable | undefined> {
  return world.walk(table).catch(() => undefined);
}

/** What was backed up has to come back. */
async function restoreAll(world: World): Promise<RestoreResult> {
  expect((await world.verify('b')).problems).toEqual([]);
  return world.restore('b', 'restored', 's3://elsewhere/t');
}
