/** The tables of test/corpus/tables (see make.mjs). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseLocation } from '../../src/storage/location.js';
import { type MemoryService, MemoryStore } from '../../src/storage/memory/memory-store.js';
import type { OrcRows } from './content.js';

/** table.json */
export interface CorpusTable {
  readonly name: string;
  readonly location: string;
  /** Of the current metadata file: below the location, or a URI where it lies outside. */
  readonly metadata: string;
  /** Metadata files that are there, oldest first; the last is `metadata`. */
  readonly states: readonly string[];
  readonly writer: string;
  readonly formatVersion: number;
  /** In the order in which they were made. */
  readonly snapshots: readonly { readonly id: string; readonly rows: number }[];
  readonly expect: { readonly ok: true } | Refused;
  readonly note: string;
  /** The table whose files this one shares, where it has none of that key itself. */
  readonly base?: string;
  /** URIs of places outside the location that hold files of the table. */
  readonly outside?: readonly string[];
  readonly orcRows?: OrcRows;
}

export interface Refused {
  readonly ok?: undefined;
  readonly exit: number;
  readonly reason: string;
  /** Default: the backup. */
  readonly at?: 'restore';
}

const FOLDER = fileURLToPath(new URL('tables', import.meta.url));

export const corpus: readonly CorpusTable[] = readdirSync(FOLDER)
  .sort()
  .map((name) => ({
    name,
    ...(JSON.parse(readFileSync(join(FOLDER, name, 'table.json'), 'utf8')) as Omit<CorpusTable, 'name'>),
  }));

export const goodTables: readonly CorpusTable[] = corpus.filter(({ expect }) => expect.ok);
export const refusedTables: readonly CorpusTable[] = corpus.filter(({ expect }) => !expect.ok);

export function corpusTable(name: string): CorpusTable {
  const found = corpus.find((table) => table.name === name);
  if (!found) throw new Error(`no table ${name} in the corpus`);
  return found;
}

/** URI of a file named in table.json. */
export function uriOf(table: CorpusTable, file: string): string {
  return /^[a-z0-9]+:\/\//.test(file) ? file : `${table.location.replace(/\/+$/, '')}/${file}`;
}

/** Every file of a table by its URI. */
export function* filesOf(table: CorpusTable): Generator<readonly [uri: string, bytes: Buffer]> {
  const own = new Map(filesIn(join(FOLDER, table.name, 'files'), table.location));
  const shared = table.base ? filesIn(join(FOLDER, table.base, 'files'), table.location) : [];
  for (const [uri, bytes] of shared) if (!own.has(uri)) yield [uri, bytes];
  yield* own;
  for (const [n, uri] of (table.outside ?? []).entries()) yield* filesIn(join(FOLDER, table.name, 'outside', String(n)), uri);
}

function* filesIn(folder: string, location: string): Generator<readonly [string, Buffer]> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const segments = path.slice(folder.length + 1).split('/');
    const key = segments.map((segment) => (segment === '__empty__' ? '' : segment)).join('/');
    yield [`${location.replace(/\/+$/, '')}/${key}`, readFileSync(path)];
  }
}

/** Puts every file of a table where its location says, in memory. */
export async function loadTable(table: CorpusTable, service: MemoryService): Promise<void> {
  for (const [uri, bytes] of filesOf(table)) {
    const { bucket, key } = parseLocation(uri);
    await new MemoryStore(bucket, { service }).create(key, bytes);
  }
}
