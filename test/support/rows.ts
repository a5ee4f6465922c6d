/** What a reader of a table would see: data files and the deletes that apply to them, by readers that share nothing with src/. */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { decode, splitAvro, type Value } from '../corpus/avro.js';
import { expectedRows, fixture, type Row, readRows } from '../iceberg/deletes/support.js';

type Fields = ReadonlyMap<string, Value>;

export interface SeenTable {
  /** By snapshot: each data file by its bytes, with the rows and vectors that delete from it. */
  readonly snapshots: Readonly<Record<string, readonly string[]>>;
  /** Every path that the table names, also those of deleted entries, statistics, and rows of deletes. */
  readonly paths: ReadonlySet<string>;
  /** URIs of the objects that it needs. */
  readonly objects: ReadonlySet<string>;
}

/** A table that names a missing object, or an object by a wrong length, is an Error. Deletes apply to the path that they spell, unit for unit. */
export async function seeTable(metadataUri: string, read: (uri: string) => Buffer | undefined): Promise<SeenTable> {
  const paths = new Set<string>([metadataUri]);
  const objects = new Set<string>([metadataUri]);
  const must = (uri: string, size?: bigint): Buffer => {
    const bytes = read(uri);
    if (!bytes) throw new Error(`missing: ${uri}`);
    if (size !== undefined && size !== BigInt(bytes.length))
      throw new Error(`${uri} has ${bytes.length} bytes, recorded ${size}`);
    paths.add(uri);
    objects.add(uri);
    return bytes;
  };
  const raw = must(metadataUri);
  const json = JSON.parse((raw[0] === 0x1f ? gunzipSync(raw) : raw).toString('utf8'));
  paths.add(json.location);
  for (const [name, value] of Object.entries(json.properties ?? {}))
    if (/^write\..*\.path$/.test(name) && value !== '') paths.add(value as string);
  for (const one of [...(json.statistics ?? []), ...(json['partition-statistics'] ?? [])])
    must(one['statistics-path'], BigInt(one['file-size-in-bytes']));
  const snapshots: Record<string, readonly string[]> = {};
  for (const snapshot of json.snapshots ?? []) {
    const data = new Map<string, string[]>();
    const deletes: (readonly [path: string, what: string])[] = [];
    for (const listed of decode(await splitAvro(must(snapshot['manifest-list'])))) {
      const manifest = must(listed.get('manifest_path') as string, listed.get('manifest_length') as bigint);
      for (const entry of decode(await splitAvro(manifest))) {
        const file = entry.get('data_file') as Fields;
        for (const path of pathsOf(file)) paths.add(path);
        if (entry.get('status') === 2n) continue;
        const path = file.get('file_path') as string;
        const bytes = must(path, file.get('file_size_in_bytes') as bigint);
        if (file.get('content') === 0n) data.set(path, [...(data.get(path) ?? []), hash(bytes)]);
        if (file.get('content') === 1n) deletes.push(...(await deletesOf(file, bytes, path)));
      }
    }
    for (const [path] of deletes) paths.add(path);
    snapshots[snapshot['snapshot-id']] = [...data]
      .flatMap(([path, copies]) => copies.map((bytes) => `${bytes}: ${applied(path, deletes)}`))
      .sort();
  }
  return { snapshots, paths, objects };
}

const applied = (path: string, deletes: readonly (readonly [string, string])[]): string =>
  deletes
    .flatMap(([named, what]) => (named === path ? [what] : []))
    .sort()
    .join(' ');

function pathsOf(file: Fields): readonly string[] {
  const bounds = ['lower_bounds', 'upper_bounds'].flatMap((name) => (file.get(name) ?? []) as readonly Fields[]);
  const referenced = file.get('referenced_data_file');
  return [
    file.get('file_path') as string,
    ...(typeof referenced === 'string' ? [referenced] : []),
    ...bounds.map((bound) => Buffer.from((bound.get('value') as string).slice(2), 'hex').toString('utf8')),
  ];
}

async function deletesOf(file: Fields, bytes: Buffer, path: string): Promise<readonly (readonly [string, string])[]> {
  const format = (file.get('file_format') as string).toLowerCase();
  if (format === 'puffin') {
    const [offset, size] = [Number(file.get('content_offset')), Number(file.get('content_size_in_bytes'))];
    const dataFile = file.get('referenced_data_file') as string;
    const named = vectorsOf(bytes).find((one) => one.offset === offset && one.length === size);
    if (named?.properties['referenced-data-file'] !== dataFile) throw new Error(`${path}: its footer does not name ${dataFile}`);
    return [[dataFile, `vector ${hash(bytes.subarray(offset, offset + size))}`]];
  }
  const magic = bytes.subarray(0, 4).toString('latin1');
  if ({ parquet: 'PAR1', avro: 'Obj\x01', orc: `ORC${magic[3]}` }[format] !== magic) throw new Error(`${path} is no ${format}`);
  const rows = format === 'orc' ? orcRows(bytes) : await readRows(bytes);
  if (BigInt(rows.length) !== file.get('record_count')) throw new Error(`${path}: ${rows.length} rows`);
  const referenced = file.get('referenced_data_file');
  const [lower, upper] = pathsOf(file).slice(typeof referenced === 'string' ? 2 : 1);
  for (const [named] of rows) {
    if (typeof referenced === 'string' && named !== referenced) throw new Error(`${path}: a row of ${named}, not ${referenced}`);
    if (lower !== undefined && upper !== undefined && (compare(named, lower) < 0 || compare(named, upper) > 0))
      throw new Error(`${path}: a row of ${named}, not between ${lower} and ${upper}`);
  }
  return rows.map(([named, pos]) => [named, String(pos)]);
}

export const ORC = 'arrow-0.12-direct.orc';

/** Nobody but the product reads ORC here: of the one file that tests use the rows are known. */
function orcRows(bytes: Buffer): readonly Row[] {
  if (!bytes.equals(fixture(ORC))) throw new Error('an ORC file that nobody knows');
  return expectedRows(ORC);
}

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

interface Blob {
  readonly offset: number;
  readonly length: number;
  readonly properties: Readonly<Record<string, string>>;
}

function vectorsOf(bytes: Buffer): readonly Blob[] {
  const size = bytes.readInt32LE(bytes.length - 12);
  return JSON.parse(bytes.subarray(bytes.length - 12 - size, bytes.length - 12).toString('utf8')).blobs;
}

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex').slice(0, 8);
