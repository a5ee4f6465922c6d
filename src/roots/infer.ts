import { BcnError } from '../errors.js';
import type { PathMap } from '../iceberg/path-map.js';
import { rootOf } from '../iceberg/paths.js';
import { byteCompare } from '../storage/location.js';
import { spelledRoot } from './spelling.js';

/** Roots that nobody named are kept in memory, and printed: a table with more of them wants a name for what contains them. */
const MAX_ROOTS = 1000;
/** Likewise files that lie directly in a bucket. */
const MAX_SINGLE = 10_000;

/** Scheme and bucket, or host, of a path with a key: what stands before the slash. */
const BUCKET = /^(?:[A-Za-z][A-Za-z0-9+.-]*:(?:\/\/[^/]*(?=\/)|(?=\/(?!\/)))|(?=\/))/;

/** What the paths of a table say about where its files lie. */
export interface InferredRoots {
  /** How many paths each known root is the longest for, by its source. */
  readonly known: ReadonlyMap<string, number>;
  /** Other spellings of the table's location, with their paths. */
  readonly spellings: readonly InferredRoot[];
  /** Deepest common folders of all other paths. */
  readonly folders: readonly InferredRoot[];
  /** Paths with no folder under their bucket, each once, with the bucket; in no order. */
  readonly single: ReadonlyMap<string, string>;
}

export interface InferredRoot {
  /** Without slashes at the end. */
  readonly source: string;
  readonly files: number;
}

/**
 * Finds the roots of paths in any order, in memory that depends on the number of roots only. Paths under a root of `known` count for it. The others
 * are told apart by scheme, bucket and first folder, as they are spelt; the deepest common folder of each lot becomes a root. A bucket never does: it
 * holds other things than this table.
 *
 * @throws BcnError `unsupported` for a path that is not absolute, and where there are too many roots
 */
export async function inferRoots(
  paths: AsyncIterable<string> | Iterable<string>,
  known: Pick<PathMap, 'rootFor'>,
  location: string,
): Promise<InferredRoots> {
  const counts = new Map<string, number>();
  const spellings = new Map<string, number>();
  const lots = new Map<string, { folder: string; files: number }>();
  const single = new Map<string, string>();
  const place = (path: string) => {
    const root = known.rootFor(path);
    if (root) return count(counts, root.source);
    const spelling = spelledRoot(path, location);
    if (spelling !== undefined) return count(spellings, spelling);
    const bucket = BUCKET.exec(path)?.[0];
    if (bucket === undefined) throw notAbsolute(path);
    const lot = firstFolder(path, bucket.length);
    if (lot === undefined) single.set(path, bucket);
    else addToLot(lots, lot, path);
    if (spellings.size + lots.size > MAX_ROOTS) throw tooMany(`more than ${MAX_ROOTS} folders outside its location`, bucket);
    if (single.size > MAX_SINGLE) throw tooMany(`more than ${MAX_SINGLE} files directly in a bucket`, bucket);
  };
  for await (const path of paths) place(path);
  return {
    known: counts,
    spellings: sorted([...spellings].map(([source, files]) => ({ source, files }))),
    folders: sorted([...lots.values()].map(({ folder, files }) => ({ source: rootOf(folder), files }))),
    single,
  };
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function addToLot(lots: Map<string, { folder: string; files: number }>, name: string, path: string): void {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const lot = lots.get(name);
  if (lot === undefined) lots.set(name, { folder, files: 1 });
  else Object.assign(lot, { folder: commonFolder(lot.folder, folder), files: lot.files + 1 });
}

/** The path up to the end of its first folder behind the bucket, or undefined where it has none. */
function firstFolder(path: string, bucket: number): string | undefined {
  let start = bucket;
  while (path[start] === '/') start++;
  const end = path.indexOf('/', start);
  return end === -1 ? undefined : path.slice(0, end);
}

function commonFolder(a: string, b: string): string {
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  const ends = (text: string) => same === text.length || text[same] === '/';
  return a.slice(0, ends(a) && ends(b) ? same : a.lastIndexOf('/', same - 1));
}

function sorted(roots: readonly InferredRoot[]): readonly InferredRoot[] {
  return [...roots].sort((a, b) => byteCompare(a.source, b.source));
}

function notAbsolute(path: string): BcnError {
  return new BcnError('unsupported', `The table names a file by a path that is not absolute: ${JSON.stringify(path)}`, {
    object: path,
    hint: 'Nobody can say where such a file lies: rewrite it with the engine that wrote it.',
  });
}

function tooMany(what: string, bucket: string): BcnError {
  return new BcnError('unsupported', `The table has ${what}, such as in ${bucket}/`, {
    object: `${bucket}/`,
    hint: `Name a place that contains them: --map ${bucket === '' ? '/folder' : bucket}=TARGET`,
  });
}
