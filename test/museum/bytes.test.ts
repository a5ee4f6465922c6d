/** B10 and §11: what a typed round trip loses, and splicing keeps. */
import { describe, expect, test } from 'vitest';
import { V1_FIELDS } from '../iceberg/avro/manifests.js';
import { type Json, parts } from '../iceberg/avro/support.js';
import { World } from '../support/world.js';
import { comeBack } from './come-back.js';
import { at, data, lay, type ManifestSpec, type Piece } from './lay.js';
import type { ReadManifest } from './read.js';

async function through(manifest: ManifestSpec, formatVersion: 1 | 2 | 3 = 2): Promise<readonly [ReadManifest, ReadManifest]> {
  const { before, after } = await comeBack({ formatVersion, snapshots: [{ id: 1n, manifests: [manifest] }] });
  return [before, after].map(({ snapshots }) => snapshots[0]?.manifests[0]) as unknown as readonly [ReadManifest, ReadManifest];
}

const file = (more: Partial<Piece> = {}) => data(at('a.parquet'), ['a'], more);

describe('B10', () => {
  test('a v1 manifest of an upgraded table stays one', async () => {
    const [before, after] = await through({ v1: true, pieces: [file({ entry: { snapshot_id: 1n } })] }, 3);
    expect(after.meta).toEqual(before.meta);
    expect(after.meta.get('format-version')).toBe('1');
    expect(after.entries[0]).not.toHaveProperty('sequence_number');
  });

  test('the header keeps the schema and spec that the manifest was written with, and what nobody knows', async () => {
    const meta = {
      schema: '{"type":"struct","schema-id":9,"fields":[]}',
      'partition-spec': '[ ]',
      'schema-id': '9',
      'x-unknown': '☃',
    };
    const [before, after] = await through({ meta, pieces: [file()] });
    expect([...after.meta]).toEqual([...before.meta]);
    for (const [key, value] of Object.entries(meta)) expect(after.meta.get(key)).toBe(value);
  });

  test('fields that no specification names, and partition values of columns that are gone', async () => {
    const partition: Json = {
      name: 'partition',
      'field-id': 102,
      type: { type: 'record', name: 'r102', fields: [{ name: 'gone.column☃', type: ['null', 'string'], 'field-id': 1000 }] },
    };
    const fields = [
      ...V1_FIELDS.filter((field) => (field as { name: string }).name !== 'partition'),
      partition,
      { name: 'from_the_future', type: ['null', 'string'], 'field-id': 9999 },
    ];
    const pieces = [file({ data: { partition: { 'gone.column☃': 'memory://src/db/t/data' }, from_the_future: 'kept' } })];
    // Not through avsc, which refuses such names.
    const { world } = await comeBackWithoutReading({ fields, pieces });
    const manifest = [...(await world.dump('wh'))].find(([name]) => name.endsWith('-m0.avro'))?.[1];
    const [block] = parts(Buffer.from(manifest as string, 'base64')).blocks;
    expect(block?.data.includes('memory://src/db/t/data')).toBe(true);
    expect(block?.data.includes('kept')).toBe(true);
  });

  test('snapshot ids and sequence numbers of entries of every status, null or not', async () => {
    const pieces = [
      file({ entry: { snapshot_id: 77n, sequence_number: 5n, file_sequence_number: 6n } }),
      data(at('b.parquet'), ['b'], { status: 0, entry: { snapshot_id: 2n ** 62n, sequence_number: 1n } }),
      { path: at('c.parquet'), status: 2, entry: { snapshot_id: 78n, sequence_number: 2n } },
      data(at('d.parquet'), ['d']),
    ];
    const [before, after] = await through({ pieces });
    const own = ({ entries }: ReadManifest) => entries.map(({ data_file: _, ...entry }) => entry);
    expect(own(after)).toEqual(own(before));
  });

  test('unknown fields of the metadata', async () => {
    const more = { 'from-the-future': { kept: ['memory://src/db/t/data', 1] } };
    const { after } = await comeBack({ snapshots: [{ id: 1n, manifests: [{ pieces: [file()] }] }], more });
    expect(after.metadata['from-the-future']).toEqual(more['from-the-future']);
  });
});

describe('§11', () => {
  test.each(['null', 'deflate'])('the codec %s stays, and so do blocks', async (codec) => {
    const [before, after] = await through({ codec, pieces: [file()] });
    expect(after.meta.get('avro.codec')).toBe(codec);
    const counts = ({ bytes }: ReadManifest) => parts(bytes).blocks.map(({ count }) => count);
    expect(counts(after)).toEqual(counts(before));
  });

  test('field 105 of v1 manifests stays', async () => {
    const [before, after] = await through({ v1: true, pieces: [file({ entry: { snapshot_id: 1n } })] }, 1);
    expect(before.entries[0]?.data_file.block_size_in_bytes).toBe(67_108_864n);
    expect(after.entries[0]?.data_file.block_size_in_bytes).toBe(67_108_864n);
  });
});

async function comeBackWithoutReading(manifest: ManifestSpec) {
  const world = await World.open();
  await lay(world, { snapshots: [{ id: 1n, manifests: [manifest] }] });
  await world.backup();
  await world.restore();
  return { world };
}
