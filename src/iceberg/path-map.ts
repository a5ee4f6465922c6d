import { BcnError } from '../errors.js';
import type { PathBounds } from './avro/path-bounds.js';
import { isUnder, rootOf } from './paths.js';

/** Where the paths at and under `source` go: to `target` and the same rest. Slashes at the end of either do not count. */
export interface RootMapping {
  readonly source: string;
  readonly target: string;
}

/** What a `PathMap` is made of. */
export interface PathRules {
  /** Single paths and their new ones, consulted first. */
  readonly exact?: Iterable<readonly [path: string, target: string]>;
  /** Several may have one target: spellings of one place. */
  readonly roots: Iterable<RootMapping>;
}

/**
 * A function path → path. Paths are opaque strings and compared literally, unit for unit: nothing is parsed, decoded or
 * normalised. Longer roots win over shorter ones, and a root `t` has nothing to say of `t_2`. The rest behind a root is kept as it is,
 * slashes included, so the order of paths under one root (by UTF-8 bytes, too) is the order of their new ones.
 */
export class PathMap {
  readonly #exact: ReadonlyMap<string, string>;
  readonly #roots = new Map<string, RootMapping>();
  /** Lengths of the roots, each once, longest first: a path has one beginning of each. */
  readonly #lengths: readonly number[];
  /** Sources of roots that have another root or an exact path below them. */
  readonly #mixed = new Set<string>();

  /** @throws BcnError `usage` when a root or path has two targets */
  constructor({ exact = [], roots }: PathRules) {
    const paths = new Map<string, string>();
    for (const [path, target] of exact) {
      refuseSecond(path, paths.get(path), target);
      paths.set(path, target);
    }
    this.#exact = paths;
    for (const root of roots) {
      const source = rootOf(root.source);
      const target = rootOf(root.target);
      refuseSecond(source, this.#roots.get(source)?.target, target);
      this.#roots.set(source, { source, target });
    }
    this.#lengths = [...new Set([...this.#roots.keys()].map((source) => source.length))].sort((a, b) => b - a);
    for (const path of [...paths.keys(), ...this.#roots.keys()]) {
      for (const length of this.#lengths) if (path[length] === '/') this.#mixed.add(path.slice(0, length));
    }
  }

  /** The longest root that `path` equals or lies under, without slashes at the ends; exact paths are not looked at. */
  rootFor(path: string): RootMapping | undefined {
    for (const length of this.#lengths) {
      if (path.length !== length && path[length] !== '/') continue;
      const root = this.#roots.get(path.slice(0, length));
      if (root !== undefined) return root;
    }
    return undefined;
  }

  /** The new path, or undefined when no rule is about this one. */
  map(path: string): string | undefined {
    const exact = this.#exact.get(path);
    if (exact !== undefined) return exact;
    const root = this.rootFor(path);
    return root && root.target + path.slice(root.source.length);
  }

  /** The same; @throws BcnError `unsupported` when no rule is about this path (law 7) */
  mapOrRefuse(path: string): string {
    const target = this.map(path);
    if (target !== undefined) return target;
    throw new BcnError('unsupported', `The path ${JSON.stringify(path)} lies under none of the table's roots`, {
      object: path,
      hint: 'Say where it goes with --map SOURCE=TARGET.',
    });
  }

  /**
   * Whether all paths from `lower` to `upper` (by UTF-8 bytes, both included) change their beginnings alike, whatever they are: then
   * their order stays, and `lower` and `upper` become the bounds of the new ones.
   */
  keepsOrder(lower: string, upper: string): boolean {
    if (lower === upper) return this.map(lower) !== undefined;
    const root = this.rootFor(lower);
    if (root === undefined || this.#mixed.has(root.source)) return false;
    // Between the root itself and a path under it there can be others, such as `t!` between `t` and `t/x`.
    return isUnder(lower, root.source) && isUnder(upper, root.source);
  }

  /**
   * New path bounds of a position-delete file: both mapped, or none (undefined) where the new paths need not lie between them (Iceberg specification:
   * metrics cover all rows or are left out). A bound that is cut short need not lie under a root.
   */
  mapBounds({ lower, upper }: PathBounds): PathBounds | undefined {
    // Of one bound alone nobody knows whether what lies beyond it is under its root.
    if (lower === undefined || upper === undefined || !this.keepsOrder(lower, upper)) return undefined;
    return { lower: this.map(lower), upper: this.map(upper) };
  }
}

function refuseSecond(source: string, known: string | undefined, target: string): void {
  if (known === undefined || known === target) return;
  throw new BcnError('usage', `${source} cannot go to both ${known} and ${target}`, {
    object: source,
    hint: 'Give each source one target.',
  });
}

/** One path and where it lands; `k` is the target, the key that a spill sorts by. */
export interface Landing {
  readonly k: string;
  readonly source: string;
}

/** Maps a stream of paths, in its order. @throws BcnError `unsupported` at the first path under no root */
export async function* landings(
  paths: AsyncIterable<string> | Iterable<string>,
  map: Pick<PathMap, 'mapOrRefuse'>,
): AsyncGenerator<Landing> {
  for await (const source of paths) yield { k: map.mapOrRefuse(source), source };
}

/** Two paths that land on one. */
export interface Collision {
  readonly target: string;
  readonly sources: readonly [string, string];
}

/**
 * Where different sources have one target, in a stream sorted by target: the first of them with each other one. A path that occurs
 * twice does not collide with itself.
 */
export async function* collisions(sorted: AsyncIterable<Landing> | Iterable<Landing>): AsyncGenerator<Collision> {
  let first: Landing | undefined;
  for await (const landing of sorted) {
    if (first?.k !== landing.k) first = landing;
    else if (first.source !== landing.source) yield { target: landing.k, sources: [first.source, landing.source] };
  }
}
