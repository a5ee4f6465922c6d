import { BcnError } from '../errors.js';
import { placeUri, type RepositoryPlace } from '../repository/place.js';
import { overlaps } from '../storage/overlap.js';

/** Throws `usage` when the repository and a table's location lie inside each other: orphan removal on the table would eat the backups. */
export function assertApart(location: string, place: RepositoryPlace, table: string): void {
  if (!overlaps(location, placeUri(place))) return;
  throw new BcnError('usage', `The repository ${placeUri(place)} and the table ${table} at ${location} lie inside each other`, {
    table,
    object: location,
    hint: 'Set BACKUP_BUCKET to a place of its own.',
  });
}
