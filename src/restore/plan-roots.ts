import { createHash } from 'node:crypto';
import { PathMap, type RootMapping } from '../iceberg/path-map.js';
import { rootOf } from '../iceberg/paths.js';
import type { PlannedEdit } from '../plan.js';
import { type InferredRoots, inferRoots } from '../roots/infer.js';
import { isSpelling, spelledRoot } from '../roots/spelling.js';
import { assertApart, assertMaps } from './map-checks.js';
import type { MapOption } from './map-option.js';

export interface RootsRequest {
  /** Of the source table, as its metadata spells it. */
  readonly location: string;
  /** Location of the restored table. */
  readonly target: string;
  /** The `write.*.path` properties by name. */
  readonly writePaths: Readonly<Record<string, string>>;
  readonly maps: readonly MapOption[];
  /** Paths of the table in any order. Those under the location may be left out where no map's source lies there. */
  readonly foreign: AsyncIterable<string> | Iterable<string>;
  /** The targets are on the service that the source was on. */
  readonly sameService: boolean;
}

/** One line of the plan: a place of the source table and where it goes. No end has slashes. */
export interface PlannedRoot extends RootMapping {
  /** What made it a root; `single files` is a bucket with files in no folder, of which only these are mapped. */
  readonly why: 'location' | 'alias' | 'property' | '--map' | 'common folder' | 'single files';
  /** Paths of `foreign` that go there. */
  readonly files: number;
  /** Another root of this plan that is the same place, spelt differently, and has the same target: paths that differed can become one. */
  readonly aliasOf?: string;
}

export interface PlannedRoots {
  readonly map: PathMap;
  readonly roots: readonly PlannedRoot[];
  /** Given, but about no path of `foreign` and no property: perhaps misspelt. */
  readonly unusedMaps: readonly MapOption[];
}

/** Where a root outside the location goes unless it is mapped: `<target>/data/_bcn_roots/<first 16 hex digits of its sha256>`. */
export function defaultPlace(target: string, root: string): string {
  const hash = createHash('sha256').update(rootOf(root)).digest('hex').slice(0, 16);
  return `${rootOf(target)}/data/_bcn_roots/${hash}`;
}

/**
 * Decides where all files of a table go. Every path of `foreign` is mapped by the result. Where all sources of the map have different places as
 * targets no two paths meet, but roots are put below the target and may meet what lies there: have `collisions` look at all landings.
 *
 * @throws BcnError `usage` for maps that contradict each other or the table, `unsupported` for paths that no root can be found for
 */
export async function planRoots(request: RootsRequest): Promise<PlannedRoots> {
  const { location, target, maps } = request;
  const properties = Object.values(request.writePaths).filter((value) => value !== '');
  assertMaps(maps, { ...request, properties });
  const named = new PathMap({ roots: [{ source: location, target }, ...maps] });
  const outside = properties.filter((value) => !named.rootFor(value));
  const spelt = outside.flatMap((value) => spelledRoot(value, location) ?? []);
  const foreign = outside.filter((value) => spelledRoot(value, location) === undefined).map(rootOf);
  const place = (source: string): RootMapping => ({ source, target: defaultPlace(target, source) });
  const known = new PathMap({
    roots: [{ source: location, target }, ...maps, ...spelt.map((source) => ({ source, target })), ...foreign.map(place)],
  });
  const found = await inferRoots(request.foreign, known, location);

  const files = (source: string) => found.known.get(source) ?? 0;
  const main = { source: rootOf(location), target: rootOf(target) };
  const speltFiles = new Map([
    ...spelt.map((source) => [source, files(source)] as const),
    ...found.spellings.map((spelling) => [spelling.source, spelling.files] as const),
  ]);
  const singles = singleFiles(found);
  const roots: readonly PlannedRoot[] = [
    { ...main, why: 'location', files: files(main.source) },
    ...[...speltFiles].map(([source, n]) => ({ ...main, source, why: 'alias' as const, files: n, aliasOf: main.source })),
    ...[...new Set(foreign)].map((source) => ({ ...place(source), why: 'property' as const, files: files(source) })),
    ...distinct(maps).map((map) => ({ ...mapped(map, [main, ...maps]), files: files(map.source) })),
    ...found.folders.map((folder) => ({ ...place(folder.source), why: 'common folder' as const, files: folder.files })),
    ...[...singles].map(([bucket, n]) => ({ ...place(bucket), why: 'single files' as const, files: n })),
  ];
  const chosen = roots.filter(({ why }) => why === 'property' || why === 'common folder' || why === 'single files');
  const apart = maps.filter((one) => !isSpelling(one.target, target));
  assertApart(apart, [...new Set(chosen.map((root) => root.target))]);
  const exact = [...found.single].map(
    ([path, bucket]) => [path, defaultPlace(target, bucket) + path.slice(bucket.length)] as const,
  );
  const map = new PathMap({ exact, roots: roots.filter(({ why }) => why !== 'single files') });
  const used = new Set([...found.known.keys(), ...properties.map((value) => named.rootFor(value)?.source)]);
  return { map, roots, unusedMaps: maps.filter(({ source }) => !used.has(source)) };
}

/** The changes that a map makes to `write.*.path` properties. @throws BcnError `unsupported` for one under no root */
export function writePathEdits(writePaths: Readonly<Record<string, string>>, map: PathMap): readonly PlannedEdit[] {
  return Object.entries(writePaths).flatMap(([name, from]) => {
    // No engine can write to an empty path, so it points nowhere.
    const to = from === '' ? from : map.mapOrRefuse(from);
    return from === to ? [] : [{ field: `properties.${JSON.stringify(name)}`, from, to }];
  });
}

/** How many files lie directly in each bucket. */
function singleFiles({ single }: InferredRoots): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const bucket of [...single.values()].sort()) counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  return counts;
}

function distinct(maps: readonly MapOption[]): readonly MapOption[] {
  return [...new Map(maps.map((map) => [map.source, map])).values()];
}

function mapped({ source, target }: MapOption, all: readonly RootMapping[]) {
  const first = all.find((other) => other.target === target && isSpelling(other.source, source));
  const alias = first === undefined || first.source === source ? {} : { aliasOf: first.source };
  return { source, target, why: '--map' as const, ...alias };
}
