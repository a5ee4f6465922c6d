import { BcnError } from '../errors.js';
import { concretePath, isUnder } from '../iceberg/paths.js';
import { MAX_KEY } from '../repository/keys.js';
import type { ResolvedObject, StoreResolver } from '../storage/port.js';

/** Where things lie below a target location. */
export class TargetLayout {
  readonly location: string;
  readonly #stores: StoreResolver;
  /** Store of the location, and its key with a trailing '/'. */
  readonly root: ResolvedObject;

  constructor(location: string, stores: StoreResolver) {
    this.location = location;
    this.#stores = stores;
    this.root = stores.resolve(`${location}/`);
  }

  /** The path that engines will read, and its object. Throws `usage` for a key that gets too long under this location. */
  at(abstract: string): ResolvedObject & { readonly uri: string } {
    const uri = concretePath(abstract, this.location);
    if (!isUnder(uri, this.location)) {
      throw new BcnError('unsupported', `The backup names ${uri}, which is outside the table it was made of`, {
        object: uri,
        hint: 'Use the version of bcn that made the backup, or a newer one.',
      });
    }
    const { store, key } = this.#stores.resolve(uri);
    if (Buffer.byteLength(key) > MAX_KEY) {
      throw new BcnError('usage', `Under the target location the key of ${abstract} has more than ${MAX_KEY} bytes`, {
        object: uri,
        hint: 'Choose a shorter --target-location.',
      });
    }
    return { uri, store, key };
  }

  /** An object named below the location. */
  below(name: string): ResolvedObject {
    return { store: this.root.store, key: this.root.key + name };
  }
}
