import { BcnError } from '../errors.js';
import { placeUri, type RepositoryPlace } from '../repository/place.js';
import { ownedPlaces } from '../roots/owned.js';
import { overlaps } from '../storage/overlap.js';

/** Throws `usage` when the repository and a place of a table lie inside each other: orphan removal on the table would eat the backups. */
export function assertApart(
  location: string,
  paths: Readonly<Record<string, string>>,
  place: RepositoryPlace,
  table: string,
): void {
  const touched = ownedPlaces(location, paths).find((one) => overlaps(one, placeUri(place)));
  if (touched === undefined) return;
  throw new BcnError('usage', `The repository ${placeUri(place)} and the table ${table} at ${touched} lie inside each other`, {
    table,
    object: touched,
    hint: 'Set BACKUP_BUCKET to a place of its own.',
  });
}
