/**
 * Where the files of a table have to be after a restore, worked out by the rules alone and by nothing of src/: the sources of `--map` go where it says; the location to the
 * target, in whatever scheme it is spelt; the places of `write.*.path` and the deepest common folders of what is left each to a folder below it.
 */
import { createHash } from 'node:crypto';
import { JsonMembers, text } from './json.js';
import type { WalkedTable } from './walk.js';

export interface Places {
  /** undefined: the path lies under no root. */
  find(path: string): string | undefined;
  /** The same for a file that the table names itself. */
  at(path: string): string;
  /** The same for a data file that a delete names, which the table may not have. */
  referenced(path: string): string;
  /** All roots, without slashes at their ends. */
  readonly roots: readonly string[];
}

export const WRITE_PATH = /^write\.(data|metadata|object-storage|folder-storage)\.path$/;

const bare = (path: string) => path.replace(/\/+$/, '');
const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');
const isUnder = (path: string, root: string) => path === root || path.startsWith(`${root}/`);
/** One spelling for the schemes of S3, which may have capitals (RFC 3986, 3.1). */
const spell = (path: string) => path.replace(/^s3[an]?:/i, 's3:');

export interface Mapped {
  readonly source: string;
  readonly target: string;
}

export function placesOf(source: WalkedTable, target: string, maps: readonly Mapped[] = []): Places {
  const location = bare(source.location);
  const to = bare(target);
  const isHome = (path: string) => isUnder(path, location) || isUnder(spell(path), spell(location));
  const properties = (source.metadata as JsonMembers).get('properties');
  const written = (properties instanceof JsonMembers ? properties.members : []).flatMap(([key, value]) =>
    WRITE_PATH.test(key) ? [bare(text(value))] : [],
  );
  const mapOf = (path: string) => maps.find((map) => isUnder(path, map.source));
  const foreign = written.filter((path) => path !== '' && !isHome(path) && !mapOf(path));
  const left = source.named.filter((path) => !isHome(path) && !mapOf(path) && !foreign.some((root) => isUnder(path, root)));
  const roots = [...new Set([...foreign, ...commonFolders(left)])].sort((a, b) => b.length - a.length);
  const find = (path: string): string | undefined => {
    const map = mapOf(path);
    if (map) return map.target + path.slice(map.source.length);
    if (isUnder(path, location)) return to + path.slice(location.length);
    if (isHome(path)) return to + spell(path).slice(spell(location).length);
    const root = roots.find((one) => isUnder(path, one));
    // Of a bucket that no property names only the files directly in it are the table's.
    if (root === undefined || (isBucket(root) && !foreign.includes(root) && !left.includes(path))) return undefined;
    return `${to}/data/_bcn_roots/${sha256(root).slice(0, 16)}${path.slice(root.length)}`;
  };
  const at = (path: string): string => {
    const found = find(path);
    if (found === undefined) throw new Error(`no place for ${path}`);
    return found;
  };
  const referenced = (path: string) => find(path) ?? `${to}/data/_bcn_dangling/${sha256(path).slice(0, 32)}`;
  return { find, at, referenced, roots: [location, ...roots, ...maps.map((map) => map.source)] };
}

const isBucket = (root: string) => /^[^/]*:\/\/[^/]*$/.test(root);

function commonFolders(paths: readonly string[]): readonly string[] {
  const lots = new Map<string, readonly string[]>();
  for (const path of paths) {
    // scheme:, '', bucket, first folder, …, name
    const folder = path.split('/').slice(0, -1);
    const first = folder.slice(0, 4).join('/');
    const known = lots.get(first) ?? folder;
    const same = known.findIndex((segment, n) => segment !== folder[n]);
    lots.set(first, same === -1 ? known : known.slice(0, same));
  }
  return [...lots.values()].map((segments) => segments.join('/'));
}
