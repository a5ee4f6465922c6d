/**
 * Paths of a table, as opaque strings: no URL parsing, no normalisation, literal comparison.
 *
 * An abstract path is relative to the table's location as format v4 resolves it (spec, "Path Resolution": a path with
 * a scheme stands for itself, any other for `location + "/" + path`). What that rule cannot say gets a marker:
 * `bcn-root:` is the location itself, `bcn-rel:<rel>` a relative path that would read as absolute (or is empty),
 * `bcn-abs:<path>` a path outside the location that has no scheme. specs/02-repository-format.md, "Abstract paths".
 */
import { BcnError } from '../errors.js';

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;
const ROOT = 'bcn-root:';
const RELATIVE = 'bcn-rel:';
const ABSOLUTE = 'bcn-abs:';

/** A location without its trailing slashes. */
export function rootOf(location: string): string {
  let end = location.length;
  while (end > 0 && location[end - 1] === '/') end--;
  return location.slice(0, end);
}

/** True when `path` lies strictly below `root` (trailing slashes of `root` do not count): `t2/x` is not under `t`, and `t` is not under itself. */
export function isUnder(path: string, root: string): boolean {
  const bare = rootOf(root);
  return path.startsWith(bare) && path[bare.length] === '/';
}

/** True when an abstract path denotes a file under the table's location, whatever that is. */
export function isRelative(abstract: string): boolean {
  return abstract.startsWith(RELATIVE) || !(SCHEME.test(abstract) || abstract === '');
}

/** The form of `path` that does not depend on the table's `location`. Defined for every string; undone by `concretePath`. */
export function abstractPath(path: string, location: string): string {
  const root = rootOf(location);
  if (path === root) return ROOT;
  if (isUnder(path, root)) {
    const relative = path.slice(root.length + 1);
    return relative === '' || SCHEME.test(relative) ? RELATIVE + relative : relative;
  }
  const marked = path.startsWith(ROOT) || path.startsWith(RELATIVE) || path.startsWith(ABSOLUTE);
  return SCHEME.test(path) && !marked ? path : ABSOLUTE + path;
}

/**
 * The path that an abstract one denotes in a table at `location`:
 * `concretePath(abstractPath(p, l), l) === p` for all strings p and l.
 *
 * @throws BcnError `corrupt` for `bcn-root:` followed by anything, which `abstractPath` never gives.
 */
export function concretePath(abstract: string, location: string): string {
  const root = rootOf(location);
  if (abstract.startsWith(ROOT)) {
    if (abstract !== ROOT) {
      throw new BcnError('corrupt', `"${abstract}" is not an abstract path: nothing may follow ${ROOT}`, {
        hint: 'The backup holds a path that bcn never writes. Check it: bcn verify',
      });
    }
    return root;
  }
  if (abstract.startsWith(RELATIVE)) return `${root}/${abstract.slice(RELATIVE.length)}`;
  if (abstract.startsWith(ABSOLUTE)) return abstract.slice(ABSOLUTE.length);
  return SCHEME.test(abstract) ? abstract : `${root}/${abstract}`;
}

/** How what was recorded under an abstract path while the table had one location is recorded now that it has another; itself when that is the same. */
export function relocation(from: string, to: string): <T extends { readonly path: string }>(recorded: T) => T {
  if (from === to) return (recorded) => recorded;
  return (recorded) => ({ ...recorded, path: abstractPath(concretePath(recorded.path, from), to) });
}
