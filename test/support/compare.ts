import { gunzipSync } from 'node:zlib';
import avro from 'avsc';
import { expect } from 'vitest';
import { parts } from '../iceberg/avro/support.js';
import type { TableWriter } from './table.js';
import type { World } from './world.js';

/** avsc reads every long exactly. */
const long = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: (value: number) => BigInt(value),
  toJSON: (value: bigint) => value.toString(),
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

type Records = Record<string, unknown>[];

/** The records of an Avro file, by avsc. */
export function decode(bytes: Buffer): Records {
  const { meta, blocks } = parts(bytes, undefined);
  const type = avro.Type.forSchema(JSON.parse(meta.get('avro.schema') as string), { registry: { long } });
  const records: Records = [];
  for (const { count, data } of blocks) {
    let offset = 0;
    for (let i = 0; i < count; i++) {
      const { value, offset: next } = type.decode(data, offset);
      records.push(value as Record<string, unknown>);
      offset = next;
    }
    expect(offset).toBe(data.length);
  }
  return records;
}

/** Everything a table is, read by other code than the product's: what a restore must bring back. */
export interface Captured {
  readonly location: string;
  readonly uuid: string | null;
  readonly metadata: string;
  readonly gzip: boolean;
  readonly lists: ReadonlyMap<string, Records>;
  readonly manifests: ReadonlyMap<string, Records>;
  readonly data: ReadonlyMap<string, string>;
}

export async function capture(world: World, table: TableWriter): Promise<Captured> {
  const raw = await world.get(table.metadataLocation);
  const gzip = raw[0] === 0x1f;
  const lists = new Map<string, Records>();
  const manifests = new Map<string, Records>();
  const data = new Map<string, string>();
  for (const snapshot of table.snapshots) {
    if (snapshot.list) lists.set(snapshot.list, decode(await world.get(snapshot.list)));
    for (const manifest of snapshot.manifests) {
      if (!manifests.has(manifest.path)) manifests.set(manifest.path, decode(await world.get(manifest.path)));
      for (const { path } of manifest.live) data.set(path, (await world.get(path)).toString('base64'));
    }
  }
  const { location, uuid } = table;
  return { location, uuid, metadata: (gzip ? gunzipSync(raw) : raw).toString(), gzip, lists, manifests, data };
}

export interface Restored {
  readonly location: string;
  readonly metadataLocation: string;
  readonly tableUuid: string;
}

/** The target holds exactly the captured table, and nothing else but `besides` (URIs). */
export async function expectTable(
  world: World,
  captured: Captured,
  restored: Restored,
  besides: readonly string[] = [],
): Promise<void> {
  const from = captured.location.replace(/\/+$/, '');
  const map = (path: string) => {
    expect(path.startsWith(`${from}/`)).toBe(true);
    return `${restored.location}${path.slice(from.length)}`;
  };
  const raw = await world.get(restored.metadataLocation);
  expect(raw[0] === 0x1f).toBe(captured.gzip);
  const metadata = (captured.gzip ? gunzipSync(raw) : raw).toString();
  expect(metadata).toBe(expectedMetadata(captured, restored));

  const lengths = new Map<string, number>();
  for (const [path, records] of captured.manifests) {
    const bytes = await world.get(map(path));
    lengths.set(map(path), bytes.length);
    const expected = records.map((record) => {
      const file = record.data_file as Record<string, unknown>;
      return { ...record, data_file: { ...file, file_path: map(file.file_path as string) } };
    });
    expect(decode(bytes).map(plain)).toEqual(expected.map(plain));
  }
  for (const [path, records] of captured.lists) {
    const expected = records.map((record) => {
      const manifest_path = map(record.manifest_path as string);
      return { ...record, manifest_path, manifest_length: BigInt(lengths.get(manifest_path) as number) };
    });
    expect(decode(await world.get(map(path))).map(plain)).toEqual(expected.map(plain));
  }
  for (const [path, bytes] of captured.data) expect((await world.get(map(path))).toString('base64')).toBe(bytes);

  const named = [...captured.manifests.keys(), ...captured.lists.keys(), ...captured.data.keys()].map(map);
  const role = restored.location.slice(world.uri('wh').length + 1);
  const there = [...(await world.dump('wh', `${role}/`)).keys()];
  expect(there.sort()).toEqual([restored.metadataLocation, ...named, ...besides].sort());
}

/** Byte for byte: the location's occurrences are paths, the log is emptied, the uuid is the new one. */
function expectedMetadata(captured: Captured, restored: Restored): string {
  const from = captured.location.replace(/\/+$/, '');
  const emptied = captured.metadata.replace(/("metadata-log": )\[[^\]]*\]/, '$1[]');
  // A trailing slash of the location stays.
  const moved = emptied.replaceAll(from, restored.location);
  if (captured.uuid !== null) return moved.replace(captured.uuid, restored.tableUuid);
  return `{"table-uuid":"${restored.tableUuid}",${moved.slice(1)}`;
}

const plain = (record: unknown): unknown => JSON.parse(JSON.stringify(record, (_k, v) => (typeof v === 'bigint' ? `${v}n` : v)));
