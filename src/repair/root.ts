import type { Run } from '../backup/run.js';
import type { CommittedTable, StoredObject } from '../repository/commit.js';
import { checkSections } from '../repository/inventory.js';
import { metaPrefix } from '../repository/keys.js';
import { encodeRoot } from '../repository/root.js';
import { type PlacedFile, placedKey, writeSections } from '../repository/sections.js';
import { writeStored } from '../repository/stored.js';
import type { CallOptions } from '../storage/port.js';
import type { RootedTable } from '../verify/context.js';
import { damagedId } from '../verify/findings.js';
import type { VerifyDeps } from '../verify/options.js';
import type { ContentMender } from './content.js';
import type { Damaged } from './damaged.js';
import { inventoryOf } from './inventory.js';
import type { MetadataMender } from './metadata.js';

export interface MendContext {
  readonly deps: VerifyDeps;
  readonly run: Run;
  readonly attempt: string;
  readonly damaged: Damaged;
  readonly jobs: number;
  readonly brought: { metadata: number; files: number; bytes: number };
  readonly call: CallOptions;
}

/** Writes an object of the repair's own below its run. */
export async function putMeta(name: string, bytes: Buffer, { deps, run, attempt, call }: MendContext): Promise<StoredObject> {
  const { stored, date } = await writeStored(deps.repository, `${metaPrefix(run.id, attempt)}${name}`, bytes, call);
  run.lease.touch(date);
  return stored;
}

/** Whether the table's files are read from the service that the backup was made of; else a warning says that nothing of it is repaired. */
export function isSource({ location, source, identifier }: CommittedTable, { deps }: MendContext): boolean {
  const { endpoint } = deps.source.resolve(location).store;
  if (endpoint === source) return true;
  deps.report.warn(`${identifier.join('.')} was read from ${source}, not from ${endpoint}: nothing of it is repaired`);
  return false;
}

/** Makes a ROOT in which as much of the damage is mended as the source allows. Returns undefined when nothing of it could be. */
export async function mendRoot(
  table: RootedTable,
  n: number,
  content: ContentMender,
  metadata: MetadataMender,
  context: MendContext,
): Promise<StoredObject | undefined> {
  const { deps, damaged, call } = context;
  const { root } = table;
  if (!isSource(table.table, context)) return undefined;
  const mended = await metadata.mend(root);
  const numbers = new Map(root.manifests.map((manifest, i) => [manifest, i]));
  const brought = async function* (): AsyncGenerator<PlacedFile> {
    for await (const read of checkSections(deps.repository, root.manifests, call)) {
      const { manifest } = read;
      if (manifest.section.length === 0) continue;
      const isLost = damaged.sections.has(damagedId(manifest.section));
      const known = read.error ? undefined : read.files;
      if (!known && !isLost) continue;
      const files = isLost || !known ? await inventoryOf(manifest, mended, context) : known;
      const i = numbers.get(manifest) as number;
      for (const file of (await content.bring(files, table, isLost)) ?? []) yield { k: placedKey(i, file.path), n: i, file };
    }
  };
  const sections = await writeSections(brought(), (name, bytes) => putMeta(`${n}/${name}`, bytes, context));
  const statistics = await content.bring(root.statistics, table, false);
  if (mended === root && sections.size === 0 && !statistics) return undefined;
  const manifests = mended.manifests.map((manifest, i) => {
    const { section = manifest.section } = sections.get(i) ?? {};
    return { ...manifest, section };
  });
  const whole = { ...mended, manifests, statistics: statistics ?? root.statistics };
  return putMeta(`root-${n}.ndjson.gz`, encodeRoot(whole), context);
}
