import type { ObjectStore } from '../storage/port.js';

/** Where a repository lies. */
export interface RepositoryPlace {
  readonly store: ObjectStore;
  /** '' or a prefix that ends in '/'. */
  readonly prefix: string;
}

/** `s3://bucket/prefix`, for messages. */
export function placeUri(place: RepositoryPlace): string {
  return `${place.store.uri}/${place.prefix}`.replace(/\/$/, '');
}
