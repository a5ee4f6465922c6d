/** Walks a table's tree with readers of its own and says all that a restore must keep. */
import { gunzipSync } from 'node:zlib';
import { type AvroFile, decode, splitAvro, type Value } from './avro.js';
import { items, type Json, JsonMembers, parseJson, text } from './json.js';

export type ReadObject = (uri: string) => Buffer | undefined;
type Fields = ReadonlyMap<string, Value>;

export interface WalkedTable {
  readonly gzip: boolean;
  readonly metadata: Json;
  readonly location: string;
  readonly snapshots: readonly WalkedSnapshot[];
  /** Live data files by their path below the location. */
  readonly live: ReadonlyMap<string, Buffer>;
}

/** Paths in it are relative to the location; lengths of manifests are left out, since they are checked against the objects. */
export interface WalkedSnapshot {
  readonly id: string;
  readonly list: { readonly path: string; readonly header: AvroFile['header'] } | undefined;
  readonly manifests: readonly WalkedManifest[];
}

export interface WalkedManifest {
  /** The list's entry, without manifest_length. */
  readonly entry: Fields;
  readonly header: AvroFile['header'];
  readonly sync: string;
  readonly blocks: readonly number[];
  readonly entries: readonly Fields[];
}

/** A table whose tree is broken, or that names a place outside its location, is an Error. */
export async function walkTable(metadataUri: string, read: ReadObject): Promise<WalkedTable> {
  const must = (uri: string): Buffer => {
    const bytes = read(uri);
    if (!bytes) throw new Error(`missing: ${uri}`);
    return bytes;
  };
  const raw = must(metadataUri);
  const gzip = raw[0] === 0x1f && raw[1] === 0x8b;
  const metadata = parseJson((gzip ? gunzipSync(raw) : raw).toString('utf8')) as JsonMembers;
  const location = text(metadata.get('location')).replace(/\/+$/, '');
  const below = (uri: string): string => {
    if (!uri.startsWith(`${location}/`)) throw new Error(`outside ${location}: ${uri}`);
    return uri.slice(location.length + 1);
  };
  const live = new Map<string, Buffer>();

  const walkManifest = async (uri: string, entry: Fields): Promise<WalkedManifest> => {
    const bytes = must(uri);
    const recorded = entry.get('manifest_length');
    if (recorded !== undefined && recorded !== BigInt(bytes.length))
      throw new Error(`${uri}: ${bytes.length} bytes, recorded ${recorded}`);
    const file = await splitAvro(bytes);
    const entries = decode(file).map((found) => {
      const data = found.get('data_file') as Fields;
      const path = data.get('file_path') as string;
      if (found.get('status') !== 2n) {
        const content = must(path);
        if (data.get('file_size_in_bytes') !== BigInt(content.length)) throw new Error(`${path}: ${content.length} bytes`);
        live.set(below(path), content);
      }
      return new Map([...found, ['data_file', new Map([...data, ['file_path', below(path)]])]] as [string, Value][]);
    });
    const kept = new Map([...entry, ['manifest_path', below(uri)]] as [string, Value][]);
    kept.delete('manifest_length');
    return { entry: kept, header: file.header, sync: file.sync, blocks: file.blocks.map(({ count }) => count), entries };
  };

  const snapshots: WalkedSnapshot[] = [];
  for (const snapshot of items(metadata.get('snapshots'))) {
    const id = snapshot.get('snapshot-id') as string;
    const inPlace = snapshot.get('manifests') as readonly Json[] | undefined;
    const list = snapshot.get('manifest-list') === undefined ? undefined : text(snapshot.get('manifest-list'));
    const file = list === undefined ? undefined : await splitAvro(must(list));
    const entries = file ? decode(file) : (inPlace ?? []).map((path) => new Map([['manifest_path', text(path)]]));
    const manifests: WalkedManifest[] = [];
    for (const entry of entries) manifests.push(await walkManifest(entry.get('manifest_path') as string, entry));
    snapshots.push({ id, list: file && { path: below(list as string), header: file.header }, manifests });
  }
  return { gzip, metadata, location, snapshots, live };
}

const WRITE_PATH = /^write\.(data|metadata|object-storage|folder-storage)\.path$/;

/**
 * Metadata as it may be compared between a table and its restored copy: paths below the location become `<root>/…`, and the declared
 * edits (table-uuid, metadata-log) are taken out. Everything else stays, in its order.
 */
export function comparable(metadata: Json, location: string): Json {
  const root = location.replace(/\/+$/, '');
  const map = (value: Json): Json => {
    const path = text(value);
    if (path !== root && !path.startsWith(`${root}/`)) throw new Error(`outside ${root}: ${path}`);
    return `"<root>${path.slice(root.length)}`;
  };
  const visit = (value: Json, at: string): Json => {
    if (value instanceof JsonMembers) {
      const members = value.members.flatMap(([key, member]): [string, Json][] => {
        const where = `${at}.${key}`;
        if (where === '.table-uuid' || where === '.metadata-log') return [];
        if (where === '.location' || where === '.snapshots[].manifest-list') return [[key, map(member)]];
        if (where === '.snapshots[].manifests') return [[key, (member as readonly Json[]).map(map)]];
        if (at === '.properties' && WRITE_PATH.test(key)) return [[key, map(member)]];
        return [[key, visit(member, where)]];
      });
      return new JsonMembers(members);
    }
    return Array.isArray(value) ? value.map((item: Json) => visit(item, `${at}[]`)) : value;
  };
  return visit(metadata, '');
}

/** Header fields that a rewrite may change: only the codec, and only where this platform cannot write it. */
export function withoutCodec(header: AvroFile['header']): AvroFile['header'] {
  return header.filter(([key]) => key !== 'avro.codec');
}
