import { rootOf } from '../iceberg/paths.js';
import { findLocation } from '../storage/location.js';
import { overlaps } from '../storage/overlap.js';

/**
 * The places that are a table's own: its location, and those of its `write.*.path` properties that lie elsewhere. A bucket, and what contains the location, is shared with
 * others; what no store of bcn serves cannot be touched.
 */
export function ownedPlaces(location: string, writePaths: Readonly<Record<string, string>>): readonly string[] {
  const others = Object.values(writePaths).filter((place) => {
    const found = findLocation(rootOf(place));
    return found !== undefined && found.key !== '' && findLocation(location) !== undefined && !overlaps(place, location);
  });
  return [location, ...new Set(others)];
}
