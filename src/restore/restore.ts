import { formatIdent } from '../catalog/port.js';
import { isCode } from '../errors.js';
import { damagedTable, hurts, readDamage } from '../repository/damage.js';
import { withScratch } from '../spill/scratch.js';
import type { CallOptions } from '../storage/port.js';
import { type Claim, confirmClaim, takeClaim } from './claim.js';
import { assertNoCollisions } from './collisions.js';
import { type ContentPlan, planContent } from './content.js';
import { assertReadable, copyContent, proveTarget } from './copy.js';
import { rewriteDeletes } from './delete-files.js';
import { assertEmpty } from './empty.js';
import { announceRegistration, removeRecord, whereAllowed, whoseClaim } from './flags.js';
import type { RestoreDeps, RestoreOptions, RestoreResult } from './options.js';
import { claimOthers, releaseOthers } from './others.js';
import { assertFree, assertPlacesApart, findRegistered, type Prepared, prepare } from './prepare.js';
import { cleanUp, isRefusal, makeReady } from './ready.js';
import { rollBack } from './rollback.js';
import { showRestore } from './show.js';
import { assertSpellings } from './spellings.js';
import { type ConcreteMetadata, concreteMetadata, writeMetadata, writeTree } from './write.js';

/**
 * Brings a backup back as a table (format, "Restore's record in the target"). Errors: `backup-not-found`, `usage` (target), `target-not-empty`, `table-exists`,
 * `namespace-not-found`, `unsupported` (the catalog cannot hold it), `corrupt` (the backup is damaged), storage and catalog errors, `commit-unknown`. All that can refuse
 * it is asked before the first copy; the table is registered only after every file is proven to be there.
 */
export async function restore(deps: RestoreDeps, options: RestoreOptions): Promise<RestoreResult> {
  return withScratch(options.tmpDir, (scratch) => attempt(deps, options, scratch));
}

/** Throws `corrupt` when a check has found the table damaged, and nobody has repaired it since. */
async function assertWhole({ repository }: RestoreDeps, { allowDamaged }: RestoreOptions, prepared: Prepared, call: CallOptions) {
  const { commit, table } = prepared;
  const damage = allowDamaged ? undefined : await readDamage(repository, commit.state, call);
  const index = commit.tables.indexOf(table);
  if (damage && hurts(damage, index)) throw damagedTable(commit.selector, table.identifier.join('.'), damage, index);
}

async function attempt(deps: RestoreDeps, options: RestoreOptions, scratch: string): Promise<RestoreResult> {
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const prepared = await prepare(deps, options, scratch, call);
  const { layout, target, root, manifests, roots } = prepared;
  const head = { backup: prepared.commit.selector, table: formatIdent(target), location: layout.location };
  const registered = await findRegistered(deps, prepared, call);
  if (registered) {
    if (!options.dryRun) await cleanUp(deps, prepared, call);
    return { outcome: 'already', ...head, ...registered, ...lostBefore(deps, prepared, options) };
  }
  await assertWhole(deps, options, prepared, call);
  const { namespaceMissing } = await assertFree(deps, prepared, options.createNamespace === true, call);
  const { allowDamaged = false } = options;
  const context = { ...prepared, place: deps.repository, source: deps.source, scratch, allowDamaged, call };
  // Below one root no two paths meet.
  if (roots.roots.length > 1) await assertNoCollisions(root, layout, manifests, scratch);
  const merged = await assertSpellings(context, options.mergeSpellings === true);
  const content = await planContent(context);
  await assertReadable(content, context);
  for (const { text } of roots.unusedMaps)
    deps.report.warn(
      `--map ${text} is about no file of the table: compare its source with the paths that the plan shows (--dry-run)`,
    );
  const plan = showRestore(deps, prepared, content, { createsNamespace: namespaceMissing, merged });
  const made = options.dryRun ? {} : await execute(deps, options, prepared, content, namespaceMissing, scratch, call);
  await content.losses.tell(deps.report, options.onLost);
  const { objects, bytes } = content.losses;
  const lost = objects > 0 ? { lost: { objects, bytes } } : {};
  return { outcome: options.dryRun ? 'planned' : 'restored', plan, ...head, ...made, ...lost };
}

/** What the backup itself says that the table of an earlier attempt lacks. */
function lostBefore({ report }: RestoreDeps, { root, table }: Prepared, { allowDamaged }: RestoreOptions) {
  if (!allowDamaged) return {};
  report.info('what was found damaged beside what the backup says is missing, the attempt that restored the table has named');
  const { files: objects, bytes } = table.missing ?? { files: 0, bytes: 0 };
  return root.manifests.some(({ missing }) => missing) ? { lost: { objects, bytes } } : {};
}

/** Errors after which no attempt can finish: what was written goes. After all others it stays for the next attempt. */
const HOPELESS = ['corrupt', 'unsupported', 'usage', 'config', 'name-conflict', 'table-exists', 'target-not-empty'] as const;

/** What the catalog says when it has not made the entry. A database that was dropped meanwhile can be made again: what was copied is worth another attempt. */
const NOT_REGISTERED = [...HOPELESS, 'namespace-not-found'] as const;

async function execute(
  deps: RestoreDeps,
  options: RestoreOptions,
  prepared: Prepared,
  content: ContentPlan,
  createNamespace: boolean,
  scratch: string,
  call: CallOptions,
): Promise<{ readonly metadataLocation: string; readonly tableUuid: string }> {
  const { commit, root, layout, target, manifests } = prepared;
  const { repository: place, source, catalog, report } = deps;
  const { claim, resuming } = await claimTarget(prepared, call);
  // A selector that is not the name: the repository's own store was found to be such a one.
  if (commit.selector !== commit.name && layout.root.store.endpoint === place.store.endpoint) {
    report.info(
      `${layout.location} lies on a store without true conditional writes: let no other restore to it begin at the same moment`,
    );
  }
  const undo = async () => {
    const rollback = { ...prepared, catalog, report, claim, resuming, scratch, call };
    const removed = await rollBack(content, rollback).catch(() => undefined);
    // A hint to clean up by hand would be a hint to delete a live table: another process may have finished this very restore.
    const why =
      removed === 'exists'
        ? `, since a table may be made of it by now (${formatIdent(target)}, or under another name): look where that one lies, and never delete what a table reads`
        : '';
    if (typeof removed !== 'number')
      report.warn(`what this restore wrote below ${layout.location} is still there${why}`, { object: layout.location });
    else if (removed > 0) report.info(`removed the ${removed} objects that this restore had written below ${layout.location}`);
  };
  try {
    await makeReady(deps, { ...prepared, claim }, { names: content.names, createNamespace }, call);
  } catch (error) {
    // An earlier attempt has passed, or was not asked, and may have copied much: what has changed since can change back.
    if (isRefusal(error) && !resuming) await undo();
    else if (isRefusal(error))
      report.warn(
        `what an earlier attempt wrote below ${layout.location} is still there: the same command goes on with it, and with --abort removes it`,
        { object: layout.location },
      );
    throw error;
  }
  try {
    const { jobs, allowDamaged = false } = options;
    const context = { ...prepared, place, source, scratch, resuming, allowDamaged, call, jobs, report };
    await copyContent(content, context);
    const deletes = await rewriteDeletes(content, context);
    const write = { place, root, layout, manifests, deletes, expected: content.expected, resuming, report, call };
    const concrete = concreteMetadata(prepared.source, layout, claim, await writeTree(write));
    await writeMetadata(concrete, write);
    await proveTarget(content, context);
    await register(deps, { ...prepared, claim }, concrete, call);
    await cleanUp(deps, { ...prepared, claim }, call);
    return { metadataLocation: concrete.uri, tableUuid: claim.table_uuid };
  } catch (error) {
    // What another attempt can finish stays; what can never become a table goes.
    if (isCode(error, ...HOPELESS)) await undo();
    throw error;
  }
}

/** Touches the catalog, having announced it, so that nobody removes the files meanwhile. The announcement stays after an outcome that is not known. */
async function register(deps: RestoreDeps, prepared: Prepared, concrete: ConcreteMetadata, call: CallOptions): Promise<void> {
  const { target, table, claimAt, claim } = prepared;
  const { catalog } = deps;
  const takeBack = await announceRegistration(claimAt, claim, call);
  try {
    // Once more: another restore may have finished inside or above this place meanwhile.
    await assertPlacesApart(deps, prepared, call);
    const registration = { ident: target, metadataLocation: concrete.uri, metadata: concrete.metadata, carried: table.entry };
    await catalog.register(registration, call);
  } catch (error) {
    if (isCode(error, ...NOT_REGISTERED)) await takeBack();
    throw error;
  }
}

/**
 * Claims the target and looks once more that it is empty: whoever claims and looks in this order cannot meet another restore unseen. `resuming`: the objects there
 * are of an earlier attempt, or of another process with the same command.
 */
async function claimTarget(
  prepared: Prepared,
  call: CallOptions,
): Promise<{ readonly claim: Claim; readonly resuming: boolean }> {
  const { claim } = await takeClaim(prepared.claimAt, prepared.claim, call);
  if (prepared.resuming || claim.run !== prepared.claim.run) {
    await claimOthers(prepared, claim, call);
    return { claim, resuming: true };
  }
  try {
    await assertEmpty(prepared, call, true);
    await claimOthers(prepared, claim, call);
  } catch (error) {
    const ours = isRefusal(error) && (await whoseClaim(prepared.claimAt, claim, call)) === 'ours';
    if (ours) {
      await whereAllowed(releaseOthers({ ...prepared, claim }, call));
      await whereAllowed(removeRecord(prepared.claimAt, call));
    }
    throw error;
  }
  const kept = await confirmClaim(prepared.claimAt, claim, call);
  return { claim: kept, resuming: kept.run !== claim.run };
}
