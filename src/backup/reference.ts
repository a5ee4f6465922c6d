import { concretePath } from '../iceberg/paths.js';
import type { Reporter } from '../report.js';
import { type InventoryFile, readInventory } from '../repository/inventory.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { RootManifest } from '../repository/root.js';
import { placedKey } from '../repository/sections.js';
import { placesOf } from '../roots/places.js';
import { groups, leftJoin } from '../spill/join.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import { listPlaces, objectUri } from '../storage/list-places.js';
import type { CallOptions, ObjectInfo, StoreResolver } from '../storage/port.js';
import { type FilePlan, forget, lose, type NewFile } from './files.js';
import { missing, wrongLength } from './missing.js';
import { warnOfLost } from './statistics.js';

/** A live file; `k` is the URI of its object in the source. */
interface LiveFile extends Keyed {
  /** As metadata spells it. */
  readonly uri: string;
  readonly size: number;
  /** Absent for a file that the base recorded already. */
  readonly fresh?: NewFile;
}

export interface ReferenceContext {
  readonly place: RepositoryPlace;
  readonly source: StoreResolver;
  readonly location: string;
  readonly table: string;
  readonly scratch: string;
  readonly report: Reporter;
  readonly call: CallOptions;
}

/**
 * In `reference` mode: proves by one LIST of each place of the source that every live file exists with its length, those that an earlier backup recorded too, and records the
 * new ones without a key. `held`: manifests whose inventory the base holds; `plan`: what the others name.
 */
export async function referenceFiles(plan: FilePlan, held: readonly RootManifest[], context: ReferenceContext): Promise<void> {
  const { location, source, table, scratch, report, call } = context;
  const live = new Sorter<LiveFile>(scratch, 'referenced');
  const add = ({ path, size }: { readonly path: string; readonly size: number }, fresh?: NewFile) => {
    const uri = concretePath(path, location);
    return live.add({ k: objectUri(source.resolve(uri)), uri, size, ...(fresh && { fresh }) });
  };
  for await (const { files } of readInventory(context.place, held, call)) for (const file of files) await add(file);
  for await (const { file } of plan.placed.sorted()) if (!file.missing) await add(file);
  for await (const fresh of plan.fresh.sorted()) await add(fresh, fresh);
  const places = await placesOf(urisOf(live), location, source);
  for await (const { left, right } of leftJoin(byObject(live), listPlaces(places, call))) {
    for (const { uri, size, fresh } of left.files) {
      if (fresh?.ns.length === 0 && right?.size !== size) {
        // Statistics that are gone since the plan looked for them are lost, and no more.
        warnOfLost(report, table, uri, 'is gone');
        forget(plan, fresh);
        continue;
      }
      if (!right) {
        const error = missing(uri, table);
        if (!fresh) throw error;
        await lose(plan, fresh, error);
        continue;
      }
      if (right.size !== size) throw wrongLength(uri, table, size, right.size);
      if (fresh) await place(fresh, right, plan);
    }
  }
  await live.dispose();
}

async function* urisOf(live: Sorter<LiveFile>): AsyncGenerator<string> {
  for await (const { uri } of live.sorted()) yield uri;
}

async function* byObject(live: Sorter<LiveFile>): AsyncGenerator<Keyed & { readonly files: readonly LiveFile[] }> {
  for await (const files of groups(live.sorted())) yield { k: (files[0] as LiveFile).k, files };
}

async function place({ path, size, snapshot, deletes, ns }: NewFile, { etag }: ObjectInfo, plan: FilePlan): Promise<void> {
  const file: InventoryFile = { path, key: null, size, snapshot, sum: null, etag: etag ?? null, ...(deletes && { deletes }) };
  for (const n of ns) await plan.placed.add({ k: placedKey(n, path), n, file });
  if (ns.length === 0) plan.statistics.push(file);
}
