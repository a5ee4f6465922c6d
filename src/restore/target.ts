import { type Catalog, formatIdent, type TableIdent } from '../catalog/port.js';
import { BcnError, isCode } from '../errors.js';
import type { CommittedTable } from '../repository/commit.js';
import { MAX_KEY } from '../repository/keys.js';
import { placeUri, type RepositoryPlace } from '../repository/place.js';
import { ownedPlaces } from '../roots/owned.js';
import { findLocation, parseLocation } from '../storage/location.js';
import { liesInside, overlaps } from '../storage/overlap.js';
import type { CallOptions, StoreResolver } from '../storage/port.js';

/** Room that names below the location need: the longest that bcn itself writes. */
const ROOM = 128;

/**
 * Where the restored table will lie: as asked, else the catalog's own place, else `<scheme of the source>://<warehouse bucket>/<database>/<table>`. Throws `usage` for a location that no engine could use.
 */
export function targetLocation(
  asked: string | undefined,
  table: CommittedTable,
  target: TableIdent,
  catalog: Catalog,
  warehouseBucket: string,
): string {
  const own = catalog.defaultLocation(target);
  if (asked !== undefined) {
    assertUsable(asked);
    const location = asked.replace(/\/+$/, '');
    if (own !== undefined && own !== location) {
      throw new BcnError('usage', `A ${catalog.type} catalog keeps ${formatIdent(target)} at ${own}, not at ${location}`, {
        object: location,
        hint: 'Leave out --target-location, or choose the warehouse that holds it.',
      });
    }
    return location;
  }
  if (own !== undefined) return own;
  const scheme = /^(s3[an]?):/.exec(table.location)?.[1] ?? 's3';
  const location = `${scheme}://${warehouseBucket}/${[...target.namespace, target.name].join('/')}`;
  assertUsable(location);
  return location;
}

/** Throws `usage` or `config` for a place that no engine could use as a table's root. `what` names it in the error. */
export function assertUsable(location: string, what = 'target location'): void {
  const refuse = (why: string, hint: string) => {
    throw new BcnError('usage', `The ${what} "${location}" cannot be used: ${why}`, { object: location, hint });
  };
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:\//.test(location)) refuse('it has no scheme', 'Write s3://bucket/path or file:///path.');
  if (/[?#]/.test(location)) refuse('Iceberg cuts a location at the first ? or #', 'Choose a path without ? and #.');
  const { scheme, key } = parseLocation(location);
  if (key.replace(/\/+$/, '') === '') refuse('it is the root of a bucket', 'Give the table a path of its own.');
  if (scheme === 's3' && key.split('/').slice(0, -1).includes(''))
    refuse('it has an empty path segment', 'Write single slashes.');
  if (key.split('/').some((segment) => segment === '.' || segment === '..'))
    refuse('it has a segment . or ..', 'Write the path that is meant.');
  if (/\p{Cc}/u.test(location)) refuse('it has a control character', 'Choose a path without one.');
  if (Buffer.byteLength(key) + ROOM > MAX_KEY)
    refuse(`it leaves too little of the ${MAX_KEY} bytes of a key`, 'Choose a shorter path.');
}

/** Throws `usage` when the target touches the source, the repository, or another table of the target namespace. */
export async function assertTargetApart(
  location: string,
  target: TableIdent,
  table: CommittedTable,
  place: RepositoryPlace,
  stores: StoreResolver,
  catalog: Catalog,
  call: CallOptions,
): Promise<void> {
  const refuse = (what: string, other: string) => {
    throw new BcnError('usage', `The target location ${location} equals, contains or lies inside ${what} ${other}`, {
      object: location,
      table: formatIdent(target),
      hint: 'Choose a --target-location of its own.',
    });
  };
  if (overlaps(location, placeUri(place))) refuse('the backup repository', placeUri(place));
  // Inside the source is refused on any service, since one service has many addresses; the same place on another service is how a lost cluster is rebuilt, and it must be empty.
  const { endpoint } = stores.resolve(location).store;
  for (const own of ownedPlaces(table.location, table.write_paths)) {
    const same = endpoint === table.source && overlaps(location, own);
    if (same || liesInside(location, own)) refuse('the source table', own);
  }
  try {
    for await (const entry of catalog.list(target.namespace, call)) {
      if (entry.name === target.name || entry.location === undefined || !findLocation(entry.location)) continue;
      if (overlaps(location, entry.location))
        refuse(`the table ${[...target.namespace, entry.name].join('.')} at`, entry.location);
    }
  } catch (error) {
    // Preflight has let it pass: in a path catalog a namespace begins with its first table.
    if (!isCode(error, 'namespace-not-found')) throw error;
  }
}
