import { BcnError } from '../errors.js';
import type { PathBounds } from '../iceberg/avro/path-bounds.js';
import type { PathMap } from '../iceberg/path-map.js';
import { concretePath } from '../iceberg/paths.js';
import { MAX_KEY, sha256 } from '../repository/keys.js';
import { listPlaces, objectUri } from '../storage/list-places.js';
import { overlaps } from '../storage/overlap.js';
import type { CallOptions, ObjectInfo, ResolvedObject, StoreResolver } from '../storage/port.js';

/** Where one file of the restored table lies. */
export interface Spot extends ResolvedObject {
  /** As engines will read it in the table's metadata. */
  readonly uri: string;
  /** URI of the object: one for all spellings. */
  readonly k: string;
}

export interface LayoutRules {
  /** Of the source table, as its metadata spells it: what abstract paths are relative to. */
  readonly source: string;
  /** Of the restored table. */
  readonly location: string;
  readonly map: PathMap;
  readonly stores: StoreResolver;
}

/** Where things lie in the restored table: below its location, and where `--map` says so elsewhere. */
export class TargetLayout {
  readonly location: string;
  /** Store of the location, and its key with a trailing '/'. */
  readonly root: ResolvedObject;
  /** Places outside the location, disjoint from it and each other; keys with a trailing '/'. */
  readonly others: readonly ResolvedObject[];
  /** Location and others. */
  readonly places: readonly ResolvedObject[];
  readonly #rules: LayoutRules;

  constructor(rules: LayoutRules, targets: readonly string[] = []) {
    this.#rules = rules;
    this.location = rules.location;
    this.root = rules.stores.resolve(`${rules.location}/`);
    const outside = [...new Set(targets)].filter((target) => !overlaps(target, rules.location));
    this.others = outside.map((target) => rules.stores.resolve(`${target}/`));
    this.places = [this.root, ...this.others];
  }

  /** Where a file of the source table goes, by its abstract path. @throws BcnError `unsupported` when it lies under no root, `usage` for a key that gets too long */
  at(abstract: string): Spot {
    return this.spot(this.uriOf(abstract));
  }

  /** The new path of any file that the table names, also of one that is gone. */
  uriOf(abstract: string): string {
    const { map, source } = this.#rules;
    return map.mapOrRefuse(concretePath(abstract, source));
  }

  /** URI of the object that any file becomes: one for all spellings. */
  objectAt(abstract: string): string {
    return objectUri(this.#rules.stores.resolve(this.uriOf(abstract)));
  }

  /**
   * The new path of a data file that a delete names, by its source path. What lies under no root is no file of the table: it gets a path below the target that no file
   * has, since the row must stay (its file's record count would not be true) and must not point at the source.
   */
  referenced(dataFile: string): string {
    return this.#rules.map.map(dataFile) ?? `${this.location}/data/_bcn_dangling/${sha256(dataFile).slice(0, 32)}`;
  }

  /** Bounds of the paths in a delete file, by their source paths. */
  placeBounds(bounds: PathBounds): PathBounds | undefined {
    return this.#rules.map.mapBounds(bounds);
  }

  /** A path of the restored table. @throws BcnError `usage` when its key is too long, or it is a place itself */
  spot(uri: string): Spot {
    const { store, key } = this.#rules.stores.resolve(uri);
    if (Buffer.byteLength(key) > MAX_KEY) {
      throw new BcnError('usage', `Under the target location the key of ${uri} has more than ${MAX_KEY} bytes`, {
        object: uri,
        hint: 'Choose a shorter --target-location.',
      });
    }
    const k = objectUri({ store, key });
    this.placeOf(k);
    return { uri, store, key, k };
  }

  /** An object named below the location. */
  below(name: string): ResolvedObject {
    return { store: this.root.store, key: this.root.key + name };
  }

  /** The place that holds an object, by its URI (`Spot.k`). */
  placeOf(k: string): ResolvedObject {
    const place = this.places.find((one) => k.startsWith(objectUri(one)));
    if (place) return place;
    throw new BcnError('usage', `A file of the table would become ${k}, which is a folder that files go to`, {
      object: k,
      hint: '--map takes folders: name the one that holds the file.',
    });
  }

  /** Store and key of an object of this layout by its URI (`Spot.k`). */
  objectOf(k: string): ResolvedObject {
    const { store } = this.placeOf(k);
    return { store, key: k.slice(store.uri.length + 1) };
  }

  /** Every object in these places, by URI. */
  list(call: CallOptions): AsyncGenerator<ObjectInfo> {
    return listPlaces(this.places, call);
  }
}
