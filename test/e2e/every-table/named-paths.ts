import { gunzipSync } from 'node:zlib';
import { decode, splitAvro, type Value } from '../../corpus/avro.js';
import { items, type Json, type JsonMembers, parseJson, text } from '../../corpus/json.js';
import { puffinPaths } from './puffin.js';

/** What kind of field names a path. */
export type What =
  | 'location'
  | 'write path'
  | 'metadata log'
  | 'manifest list'
  | 'manifest'
  | 'statistics'
  | 'partition statistics'
  | 'data file'
  | 'position deletes'
  | 'equality deletes'
  | 'deletion vectors'
  | 'referenced data file'
  | 'path bound'
  | 'position row'
  | 'vector footer';

export interface NamedPath {
  readonly what: What;
  readonly path: string;
  /** What it names has to exist. */
  readonly live: boolean;
  /** Its recorded length, where one is recorded. */
  readonly length?: bigint;
}

export interface Reading {
  object(uri: string): Promise<Buffer>;
  positionRows(uri: string): Promise<readonly (readonly [path: string, position: string])[]>;
}

/** The id of `file_path` in a position delete file, and that of `_file`, under which some writers give its bounds. */
const PATH_BOUNDS = [2147483546n, 2147483646n];
const CONTENTS: readonly What[] = ['data file', 'position deletes', 'equality deletes'];

/**
 * Every path that a table's tree names: in its metadata, lists, manifests (entries of every status), live position delete files and Puffin
 * footers. With readers that share nothing with src/. Each manifest and each file is looked into once.
 */
export async function namedPaths(metadataUri: string, reading: Reading): Promise<NamedPath[]> {
  const found: NamedPath[] = [];
  const seen = new Set<string>();
  const first = (uri: string) => !seen.has(uri) && seen.add(uri);
  const name = (what: What, path: string, live = false, length?: bigint) => found.push({ what, path, live, length });

  const bytes = await reading.object(metadataUri);
  const json = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('utf8');
  const metadata = parseJson(json) as JsonMembers;
  name('location', text(metadata.get('location')));
  for (const [key, value] of (metadata.get('properties') as JsonMembers | undefined)?.members ?? []) {
    if (/^write\..*path$/.test(key)) name('write path', text(value));
  }
  for (const entry of items(metadata.get('metadata-log'))) name('metadata log', text(entry.get('metadata-file')));
  for (const what of ['statistics', 'partition statistics'] as const) {
    for (const entry of items(metadata.get(what.replace(' ', '-'))))
      name(what, text(entry.get('statistics-path')), true, integer(entry.get('file-size-in-bytes')));
  }
  for (const snapshot of items(metadata.get('snapshots'))) await list(text(snapshot.get('manifest-list')));
  return found;

  async function list(uri: string): Promise<void> {
    name('manifest list', uri, true);
    for (const entry of await records(uri)) {
      const path = entry.get('manifest_path') as string;
      name('manifest', path, true, entry.get('manifest_length') as bigint);
      if (first(path)) await manifest(path);
    }
  }

  async function manifest(uri: string): Promise<void> {
    for (const entry of await records(uri)) {
      const file = entry.get('data_file') as ReadonlyMap<string, Value>;
      const live = entry.get('status') !== 2n;
      const path = file.get('file_path') as string;
      const format = String(file.get('file_format')).toLowerCase();
      const what = format === 'puffin' ? 'deletion vectors' : (CONTENTS[Number(file.get('content') ?? 0n)] as What);
      name(what, path, live, file.get('file_size_in_bytes') as bigint);
      const referenced = file.get('referenced_data_file');
      if (referenced) name('referenced data file', referenced as string);
      if (what === 'position deletes') for (const bound of bounds(file)) name('path bound', bound);
      if (live && first(path)) await content(what, path);
    }
  }

  async function content(what: What, path: string): Promise<void> {
    if (what === 'position deletes') for (const [row] of await reading.positionRows(path)) name('position row', row);
    if (what === 'deletion vectors') for (const footer of puffinPaths(await reading.object(path))) name('vector footer', footer);
  }

  async function records(uri: string) {
    return decode(await splitAvro(await reading.object(uri)));
  }
}

/** Lower and upper bounds of the paths in a position delete file. */
function bounds(file: ReadonlyMap<string, Value>): string[] {
  return ['lower_bounds', 'upper_bounds'].flatMap((field) =>
    ((file.get(field) ?? []) as readonly ReadonlyMap<string, Value>[])
      .filter((bound) => PATH_BOUNDS.includes(bound.get('key') as bigint))
      .map((bound) => Buffer.from((bound.get('value') as string).slice(2), 'hex').toString('utf8')),
  );
}

function integer(value: Json | undefined): bigint | undefined {
  return typeof value === 'string' && value[0] === '#' ? BigInt(value.slice(1)) : undefined;
}

/** How many paths there are of each kind. */
export function countKinds(paths: readonly NamedPath[]): Partial<Record<What, number>> {
  const counts: Partial<Record<What, number>> = {};
  for (const { what } of paths) counts[what] = (counts[what] ?? 0) + 1;
  return counts;
}

/** Paths that lie under none of these places, which are URIs without a slash at the end. */
export function outside(paths: readonly NamedPath[], places: readonly string[]): NamedPath[] {
  return paths.filter(({ path }) => !places.some((place) => path === place || path.startsWith(`${place}/`)));
}
