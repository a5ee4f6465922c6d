/** Walks a table's tree with readers of its own and says all that a restore must keep. */
import { gunzipSync } from 'node:zlib';
import { type AvroFile, decode, splitAvro, type Value } from './avro.js';
import { type Content, type OrcRows, readContent } from './content.js';
import { items, type Json, type JsonMembers, parseJson, text } from './json.js';
import { VECTOR, vectorPositions } from './puffin.js';

export type ReadObject = (uri: string) => Buffer | undefined;
export type Fields = ReadonlyMap<string, Value>;

export interface WalkedTable {
  readonly gzip: boolean;
  readonly metadata: Json;
  /** Without slashes at its end. */
  readonly location: string;
  readonly snapshots: readonly WalkedSnapshot[];
  /** Live content files of every kind by URI. */
  readonly live: ReadonlyMap<string, Content>;
  /** Files of statistics and partition statistics that are there, by URI. */
  readonly statistics: ReadonlyMap<string, Buffer>;
  /** Every path that the table names, but for those of its log and of files of statistics that are gone. */
  readonly named: readonly string[];
  /** All metadata files, lists and manifests by URI, unpacked: what a search for leftovers has to look through. */
  readonly plain: ReadonlyMap<string, Buffer>;
}

export interface WalkedSnapshot {
  readonly id: string;
  readonly list: { readonly path: string; readonly header: AvroFile['header'] } | undefined;
  readonly manifests: readonly WalkedManifest[];
}

export interface WalkedManifest {
  /** The list's entry, without manifest_length, which is checked against the object. */
  readonly entry: Fields;
  readonly header: AvroFile['header'];
  readonly sync: string;
  readonly blocks: readonly number[];
  readonly entries: readonly Fields[];
}

/** A table whose tree is broken, of which a live file is missing or a recorded length untrue, is an Error. */
export async function walkTable(metadataUri: string, read: ReadObject, orcRows: OrcRows = {}): Promise<WalkedTable> {
  const must = (uri: string): Buffer => {
    const bytes = read(uri);
    if (!bytes) throw new Error(`missing: ${uri}`);
    return bytes;
  };
  const raw = must(metadataUri);
  const gzip = raw[0] === 0x1f && raw[1] === 0x8b;
  const json = gzip ? gunzipSync(raw) : raw;
  const metadata = parseJson(json.toString('utf8')) as JsonMembers;
  const live = new Map<string, Content>();
  const named = new Set<string>();
  const plain = new Map([[metadataUri, json]]);
  const open = async (uri: string): Promise<AvroFile> => {
    named.add(uri);
    const file = await splitAvro(must(uri));
    plain.set(uri, Buffer.concat(file.blocks.map(({ data }) => data)));
    return file;
  };

  const addLive = async (path: string, data: Fields): Promise<void> => {
    const content = must(path);
    if (data.get('file_size_in_bytes') !== BigInt(content.length)) throw new Error(`${path}: ${content.length} bytes`);
    if (!live.has(path)) live.set(path, await readContent(path, content, data, orcRows));
    const known = live.get(path);
    if (known?.content === 1n && known.format === 'puffin') vectorOf(data, known);
  };

  const walkManifest = async (uri: string, entry: Fields): Promise<WalkedManifest> => {
    const recorded = entry.get('manifest_length');
    const length = must(uri).length;
    if (recorded !== undefined && recorded !== BigInt(length)) throw new Error(`${uri}: ${length} bytes, recorded ${recorded}`);
    const file = await open(uri);
    const entries = decode(file);
    for (const found of entries) {
      const data = found.get('data_file') as Fields;
      const path = data.get('file_path') as string;
      named.add(path);
      if (found.get('status') !== 2n) await addLive(path, data);
    }
    const kept = new Map(entry);
    kept.delete('manifest_length');
    return { entry: kept, header: file.header, sync: file.sync, blocks: file.blocks.map(({ count }) => count), entries };
  };

  const snapshots: WalkedSnapshot[] = [];
  for (const snapshot of items(metadata.get('snapshots'))) {
    const id = snapshot.get('snapshot-id') as string;
    const inPlace = snapshot.get('manifests') as readonly Json[] | undefined;
    const list = snapshot.get('manifest-list') === undefined ? undefined : text(snapshot.get('manifest-list'));
    const file = list === undefined ? undefined : await open(list);
    const entries = file ? decode(file) : (inPlace ?? []).map((path) => new Map([['manifest_path', text(path)]]));
    const manifests: WalkedManifest[] = [];
    for (const entry of entries) manifests.push(await walkManifest(entry.get('manifest_path') as string, entry));
    snapshots.push({ id, list: file && { path: list as string, header: file.header }, manifests });
  }
  const statistics = new Map<string, Buffer>();
  for (const entry of [...items(metadata.get('statistics')), ...items(metadata.get('partition-statistics'))]) {
    const path = text(entry.get('statistics-path'));
    const bytes = read(path);
    if (!bytes) continue;
    if (entry.get('file-size-in-bytes') !== `#${bytes.length}`) throw new Error(`${path}: ${bytes.length} bytes`);
    statistics.set(path, bytes);
    named.add(path);
  }
  const location = text(metadata.get('location')).replace(/\/+$/, '');
  return { gzip, metadata, location, snapshots, live, statistics, named: [...named], plain };
}

/** The positions that an entry's vector holds; an Error unless it is where the entry says, whole, and about the file that the entry says. */
export function vectorOf(data: Fields, { bytes, puffin }: Content): ReadonlySet<bigint> {
  const [offset, length] = [Number(data.get('content_offset')), Number(data.get('content_size_in_bytes'))];
  const positions = vectorPositions(bytes.subarray(offset, offset + length));
  if (BigInt(positions.size) !== data.get('record_count')) throw new Error(`${positions.size} positions`);
  const blob = puffin?.blobs.find((one) => one.type === VECTOR && one.offset === offset && one.length === length);
  const path = data.get('referenced_data_file');
  if (puffin && blob?.properties?.['referenced-data-file'] !== path) throw new Error(`no vector for ${path} at ${offset}`);
  return positions;
}
