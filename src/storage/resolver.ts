import { BcnError } from '../errors.js';
import { type Location, parseLocation } from './location.js';
import type { ObjectStore, ResolvedObject, StoreResolver } from './port.js';

/** How to open the store of each scheme; `bucket` is '' for files. A scheme without a factory is refused. */
export type StoreFactories = { readonly [scheme in Location['scheme']]?: (bucket: string) => ObjectStore };

/** Resolves URIs to stores, opening each store once. */
export class Stores implements StoreResolver {
  readonly #factories: StoreFactories;
  readonly #open = new Map<string, ObjectStore>();

  constructor(factories: StoreFactories) {
    this.#factories = factories;
  }

  /** Throws `config` for a location that no factory serves. */
  resolve(uri: string): ResolvedObject {
    const { scheme, bucket, key } = parseLocation(uri);
    const id = `${scheme}://${bucket}`;
    const known = this.#open.get(id);
    if (known) return { store: known, key };
    const factory = this.#factories[scheme];
    if (!factory) {
      throw new BcnError('config', `The location "${uri}" needs a ${scheme} store, and none is configured.`, {
        object: uri,
        hint: `Configure a ${scheme} store for this role.`,
      });
    }
    const store = factory(bucket);
    this.#open.set(id, store);
    return { store, key };
  }
}
