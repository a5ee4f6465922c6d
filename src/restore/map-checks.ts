import { BcnError } from '../errors.js';
import { rootOf } from '../iceberg/paths.js';
import { isSpelling } from '../roots/spelling.js';
import { findLocation } from '../storage/location.js';
import { liesInside, overlaps } from '../storage/overlap.js';
import type { MapOption } from './map-option.js';

/** What the targets of `--map` must keep away from. */
export interface MapSurroundings {
  /** Of the source table. */
  readonly location: string;
  /** Location of the restored table. */
  readonly target: string;
  /** Places that the source table's properties name. */
  readonly properties: readonly string[];
  /** The targets are on the service that the source was on. */
  readonly sameService: boolean;
}

/**
 * Refuses maps that would write into the source or merge two roots. A target strictly inside the restored table is allowed, since nothing but the
 * paths can say whether files meet there (`collisions`).
 *
 * @throws BcnError `usage`
 */
export function assertMaps(maps: readonly MapOption[], { location, target, properties, sameService }: MapSurroundings): void {
  for (const [index, map] of maps.entries()) {
    if (map.source === rootOf(location)) {
      throw refused(map, `${map.source} is the location of the table`, 'Say where it goes with --target-location.');
    }
    const sources = [location, ...maps.map(({ source }) => source), ...properties.filter((place) => !isBucket(place))];
    const touched = sources.filter((place) => findLocation(place)).find((place) => sameService && overlaps(map.target, place));
    // On any service: one has many addresses. The same place on another one is how a lost cluster is rebuilt.
    const around = findLocation(location) && liesInside(map.target, location) ? location : undefined;
    if (touched !== undefined || around !== undefined) {
      throw refused(map, `its target touches the source ${touched ?? around}`, 'Choose a target of its own.');
    }
    // A second spelling of the location may become one of the target, or stay apart as the same spelling of the target.
    const isLocation = isSpelling(map.target, target) && isSpelling(map.source, location);
    if (!isLocation && overlaps(map.target, target) && !liesInside(map.target, target)) {
      throw refused(map, `its target equals or contains that of the table, ${target}`, 'Choose a target of its own.');
    }
    for (const other of maps.slice(0, index)) {
      const isOne = other.source === map.source || isSpelling(other.source, map.source);
      if (!overlaps(map.target, other.target) || (isOne && map.target === other.target)) continue;
      throw refused(map, `its target touches that of --map ${other.text}`, 'Give each source a target of its own.');
    }
  }
}

/** Refuses maps whose targets touch places that bcn itself has chosen. @throws BcnError `usage` */
export function assertApart(maps: readonly MapOption[], places: readonly string[]): void {
  for (const map of maps) {
    const place = places.find((other) => overlaps(map.target, other));
    if (place !== undefined) {
      throw refused(map, `its target touches ${place}, where another root goes`, 'Choose a target of its own.');
    }
  }
}

function isBucket(place: string): boolean {
  return findLocation(rootOf(place))?.key === '';
}

function refused(map: MapOption, why: string, hint: string): BcnError {
  return new BcnError('usage', `--map ${map.text} cannot be used: ${why}`, { object: map.text, hint });
}
