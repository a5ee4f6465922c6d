/** Reads a table as an engine does, to the rows: a small model of scan planning (Iceberg specification, "Scan Planning") that shares nothing with the product. */
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { parts } from '../iceberg/avro/support.js';
import { metadataOf, readRows } from '../iceberg/deletes/support.js';
import { decode } from '../support/compare.js';
import type { World } from '../support/world.js';

type Record_ = { readonly [name: string]: unknown };
interface Metadata {
  readonly location: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly snapshots: readonly {
    readonly 'snapshot-id': string;
    readonly 'manifest-list'?: string;
    readonly manifests?: string[];
  }[];
  readonly [field: string]: unknown;
}

export interface ReadManifest {
  readonly path: string;
  readonly bytes: Buffer;
  /** Pairs of its header. */
  readonly meta: ReadonlyMap<string, string>;
  /** Its entry in the list. */
  readonly list: Record_;
  readonly entries: readonly Entry[];
}

export interface Entry {
  readonly status: number;
  readonly snapshot_id: bigint | null;
  readonly sequence_number: bigint | null;
  readonly data_file: { readonly [name: string]: unknown };
}

export interface ReadSnapshot {
  readonly id: string;
  readonly list: { readonly path: string; readonly meta: ReadonlyMap<string, string> } | undefined;
  readonly manifests: readonly ReadManifest[];
}

export interface Tree {
  readonly uri: string;
  readonly text: string;
  /** Integers of 16 digits and more are strings. */
  readonly metadata: Metadata;
  readonly snapshots: readonly ReadSnapshot[];
  /** Objects of the whole bucket, by URI. */
  readonly objects: ReadonlyMap<string, Buffer>;
}

/** Every file of a table, which lies in one bucket. */
export async function readTree(world: World, uri: string, bucket: 'src' | 'wh' = 'wh'): Promise<Tree> {
  const objects = new Map([...(await world.dump(bucket))].map(([name, bytes]) => [name, Buffer.from(bytes, 'base64')]));
  const get = (name: string): Buffer => {
    const bytes = objects.get(name);
    if (!bytes) throw new Error(`missing: ${name}`);
    return bytes;
  };
  const raw = get(uri);
  const text = (raw[0] === 0x1f ? gunzipSync(raw) : raw).toString();
  const metadata = JSON.parse(text.replace(/(?<=[:[,]\s*)-?\d{16,}(?=\s*[,\]}])/g, '"$&"')) as Metadata;
  const snapshots = metadata.snapshots.map((snapshot): ReadSnapshot => {
    const path = snapshot['manifest-list'];
    const lists: readonly Record_[] = path === undefined ? embedded(snapshot.manifests ?? [], get) : decode(get(path));
    const manifests = lists.map((list) => {
      const name = list.manifest_path as string;
      // Readers take the recorded length for the end of the file.
      const bytes = get(name).subarray(0, Number(list.manifest_length));
      return { path: name, bytes, meta: parts(bytes).meta, list, entries: decode(bytes) as unknown as readonly Entry[] };
    });
    const list = path === undefined ? undefined : { path, meta: parts(get(path)).meta };
    return { id: String(snapshot['snapshot-id']), list, manifests };
  });
  return { uri, text, metadata, snapshots, objects };
}

const embedded = (paths: readonly string[], get: (uri: string) => Buffer): readonly Record_[] =>
  paths.map((path) => ({ manifest_path: path, manifest_length: BigInt(get(path).length), sequence_number: 0n }));

/** What must be true of any restored table: recorded lengths are those of the files, every live file is there, and nothing is in the source. */
export function expectSound(tree: Tree, source = 'memory://src'): void {
  const { objects } = tree;
  const inside = (value: unknown) => expect(String(value).startsWith(source), String(value)).toBe(false);
  for (const { list, manifests } of tree.snapshots) {
    if (list) inside(list.path);
    for (const { path, list: recorded, entries } of manifests) {
      inside(path);
      expect(Number(recorded.manifest_length), path).toBe(objects.get(path)?.length);
      for (const { status, data_file: file } of entries) {
        inside(file.file_path);
        inside(file.referenced_data_file);
        for (const bound of boundsOf(file)) inside(bound);
        if (status !== 2)
          expect(Number(file.file_size_in_bytes), String(file.file_path)).toBe(objects.get(file.file_path as string)?.length);
      }
    }
  }
  const { location, properties } = tree.metadata;
  for (const path of [
    location,
    ...Object.entries(properties).flatMap(([name, value]) => (name.startsWith('write.') ? [value] : [])),
  ])
    inside(path);
}

type Bounds = readonly { readonly key: number; readonly value: Buffer }[] | null | undefined;
const PATH = 2147483546;
const FILE = 2147483646;

function boundsOf({ content, lower_bounds, upper_bounds }: Entry['data_file']): readonly string[] {
  if (content !== 1) return [];
  return [...((lower_bounds as Bounds) ?? []), ...((upper_bounds as Bounds) ?? [])]
    .filter(({ key }) => key === PATH || key === FILE)
    .map(({ value }) => value.toString());
}

interface Scanned {
  readonly file: Entry['data_file'];
  readonly sequence: bigint;
}

/** The rows of a snapshot (default: the last), in the order of files. */
export async function rowsOf(tree: Tree, snapshot = tree.snapshots.at(-1)): Promise<readonly string[]> {
  const live = (snapshot?.manifests ?? []).flatMap(({ list, entries }) =>
    entries
      .filter(({ status }) => status !== 2)
      .map(({ status, sequence_number: own, data_file: file }): Scanned => {
        const inherited = status === 1 ? ((list.sequence_number as bigint | undefined) ?? 0n) : 0n;
        return { file, sequence: own ?? inherited };
      }),
  );
  const kind = (content: number) => live.filter(({ file }) => (file.content ?? 0) === content);
  const rows: string[] = [];
  for (const { file, sequence } of kind(0)) {
    const path = file.file_path as string;
    const gone = new Set<number>();
    for (const deletes of kind(1)) {
      if (deletes.sequence < sequence || !isAbout(deletes.file, path)) continue;
      for (const pos of await positions(deletes.file, path, tree.objects)) gone.add(pos);
    }
    const equal = new Set<string>();
    for (const deletes of kind(2))
      if (deletes.sequence > sequence) for (const row of json(deletes.file, tree.objects)) equal.add(row);
    rows.push(...json(file, tree.objects).filter((row, pos) => !gone.has(pos) && !equal.has(row)));
  }
  return rows;
}

/** As Java's DeleteFileIndex: by the referenced data file, else by equal bounds, else for every file. */
function isAbout(file: Entry['data_file'], path: string): boolean {
  const referenced = file.referenced_data_file ?? (isFormat(file, 'PUFFIN') ? undefined : equalBounds(file));
  return referenced === undefined || referenced === path;
}

/** Writers spell formats in both cases. */
const isFormat = (file: Entry['data_file'], format: string): boolean => String(file.file_format).toUpperCase() === format;

function equalBounds({ lower_bounds, upper_bounds }: Entry['data_file']): string | undefined {
  const of = (bounds: Bounds) => bounds?.find(({ key }) => key === PATH)?.value.toString();
  const [lower, upper] = [of(lower_bounds as Bounds), of(upper_bounds as Bounds)];
  return lower === upper ? lower : undefined;
}

async function positions(file: Entry['data_file'], path: string, objects: Tree['objects']): Promise<readonly number[]> {
  const bytes = content(file, objects);
  if (isFormat(file, 'PUFFIN')) return vectorAt(bytes, file, path);
  const rows = await readRows(bytes);
  if (isFormat(file, 'AVRO')) return rows.flatMap(([name, pos]) => (name === path ? Number(pos) : []));
  // Readers push the path down: a row group whose statistics leave it out is not looked at.
  const found: number[] = [];
  let at = 0;
  for (const group of metadataOf(bytes).row_groups) {
    const count = Number(group.num_rows);
    const stats = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === 'file_path')?.meta_data?.statistics;
    const [min, max] = [stats?.min_value as string | undefined, stats?.max_value as string | undefined];
    const skipped = min !== undefined && max !== undefined && (path < min || path > max);
    for (const [name, pos] of skipped ? [] : rows.slice(at, at + count)) if (name === path) found.push(Number(pos));
    at += count;
  }
  return found;
}

/** By the manifest, as Java reads; a footer must not say otherwise, since pyiceberg goes by it. */
function vectorAt(bytes: Buffer, file: Entry['data_file'], path: string): readonly number[] {
  const [offset, length] = [Number(file.content_offset), Number(file.content_size_in_bytes)];
  const blob = bytes.subarray(offset, offset + length);
  expect(blob.subarray(4, 8).toString('hex'), 'a deletion vector').toBe('d1d33964');
  expect(blob.readUInt32BE(0)).toBe(length - 8);
  const isPacked = bytes.readUInt32LE(bytes.length - 8) === 1;
  if (bytes.subarray(0, 4).toString() === 'PFA1' && !isPacked) {
    const { blobs } = footerOf(bytes);
    const named = blobs.find((one) => one.offset === offset && one.length === length);
    expect(named?.properties?.['referenced-data-file']).toBe(path);
  }
  const bitmaps = blob.subarray(8, -4);
  return Array.from({ length: bitmaps.length / 4 }, (_, n) => bitmaps.readUInt32LE(n * 4));
}

interface Footer {
  readonly blobs: readonly {
    readonly type: string;
    readonly offset: number;
    readonly length: number;
    readonly properties?: Readonly<Record<string, string>>;
  }[];
  readonly properties?: Readonly<Record<string, string>>;
}

/** The footer of a Puffin file, which must not be packed. */
export function footerOf(bytes: Buffer): Footer {
  const end = bytes.length - 12;
  expect(bytes.readUInt32LE(end + 4), 'flags').toBe(0);
  return JSON.parse(bytes.subarray(end - bytes.readInt32LE(end), end).toString()) as Footer;
}

function content(file: Entry['data_file'], objects: Tree['objects']): Buffer {
  const bytes = objects.get(file.file_path as string);
  if (!bytes) throw new Error(`missing: ${file.file_path}`);
  return bytes;
}

const json = (file: Entry['data_file'], objects: Tree['objects']): readonly string[] =>
  JSON.parse(content(file, objects).toString()) as string[];
