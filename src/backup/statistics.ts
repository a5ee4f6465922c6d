import type { StatisticsFile } from '../iceberg/metadata.js';
import { abstractPath } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import type { Reporter } from '../report.js';
import type { InventoryFile } from '../repository/inventory.js';
import { findObject } from '../storage/find-object.js';
import { findLocation } from '../storage/location.js';
import type { CallOptions, StoreResolver } from '../storage/port.js';

/** A file of statistics that goes into the backup. */
export interface PlannedStatistics {
  /** Abstract. */
  readonly path: string;
  readonly size: number;
  readonly snapshot: string | null;
  /** What the base holds of it, if it does. */
  readonly held: InventoryFile | undefined;
}

export interface StatisticsContext {
  readonly source: StoreResolver;
  readonly location: string;
  readonly table: string;
  /** What the base holds. */
  readonly held: readonly InventoryFile[];
  readonly report: Reporter;
  readonly call: CallOptions;
}

const PARALLEL = 8;

/**
 * Which files of statistics and partition statistics a backup carries: those that are there, each once. They are informational (spec, "Table Statistics"), so one that
 * is gone or of another length is left out with a warning, and a restore drops its entry. One LIST for each that the base does not hold.
 */
export async function planStatistics(
  files: readonly StatisticsFile[],
  context: StatisticsContext,
): Promise<readonly PlannedStatistics[]> {
  const { location, report, table } = context;
  const held = new Map(context.held.map((file) => [file.path, file]));
  const look = async (file: StatisticsFile): Promise<PlannedStatistics | undefined> => {
    const path = abstractPath(file.path, location);
    const snapshot = file.snapshotId?.toString() ?? null;
    const kept = held.get(path);
    if (kept && kept.snapshot === snapshot && (file.size === undefined || BigInt(kept.size) === file.size))
      return { path, size: kept.size, snapshot, held: kept };
    const found = await find(file, context);
    if (typeof found === 'number') return { path, size: found, snapshot, held: undefined };
    warnOfLost(report, table, file.path, found);
    return undefined;
  };
  const once = [...new Map(files.map((file) => [file.path, file])).values()];
  const planned: PlannedStatistics[] = [];
  for await (const file of parallel(once, look, PARALLEL)) if (file) planned.push(file);
  return planned;
}

export function warnOfLost(report: Reporter, table: string, uri: string, why: string): void {
  report.warn(`the statistics file ${uri} of ${table} ${why}: it is left out, and a restore drops its entry`, { object: uri });
}

/** Its length, or what is wrong with it. */
async function find({ path, size }: StatisticsFile, { source, call }: StatisticsContext): Promise<number | string> {
  if (findLocation(path) === undefined) return 'lies where bcn cannot read';
  const { store, key } = source.resolve(path);
  const found = await findObject(store, key, call);
  if (!found) return 'is missing';
  if (size !== undefined && BigInt(found.size) !== size) return `has ${found.size} bytes instead of ${size}`;
  return found.size;
}
