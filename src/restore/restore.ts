import { formatIdent } from '../catalog/port.js';
import { isCode } from '../errors.js';
import type { Plan } from '../plan.js';
import { commitKey } from '../repository/keys.js';
import { placeUri } from '../repository/place.js';
import { withScratch } from '../spill/scratch.js';
import type { CallOptions } from '../storage/port.js';
import { type Claim, confirmClaim, takeClaim } from './claim.js';
import { assertReadable, type ContentPlan, copyContent, planContent, proveTarget } from './files.js';
import { announceRegistration, removeRecord, whereAllowed, whoseClaim } from './flags.js';
import type { RestoreDeps, RestoreOptions, RestoreResult } from './options.js';
import { assertEmpty, assertFree, findRegistered, type Prepared, prepare } from './prepare.js';
import { cleanUp, isRefusal, makeReady } from './ready.js';
import { rollBack } from './rollback.js';
import { assertTargetApart } from './target.js';
import { type ConcreteMetadata, concreteMetadata, writeMetadata, writeTree } from './write.js';

/**
 * Brings a backup back as a table (format, "Restore's record in the target"). Errors: `backup-not-found`, `usage` (target), `target-not-empty`, `table-exists`,
 * `namespace-not-found`, `unsupported` (the catalog cannot hold it), `corrupt` (the backup is damaged), storage and catalog errors, `commit-unknown`. All that can refuse
 * it is asked before the first copy; the table is registered only after every file is proven to be there.
 */
export async function restore(deps: RestoreDeps, options: RestoreOptions): Promise<RestoreResult> {
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const prepared = await prepare(deps, options, call);
  const { layout, target } = prepared;
  const head = { table: formatIdent(target), location: layout.location };
  const registered = await findRegistered(deps, prepared, call);
  if (registered) {
    if (!options.dryRun) await cleanUp(deps, prepared, call);
    return { outcome: 'already', ...head, ...registered };
  }
  const { namespaceMissing } = await assertFree(deps, prepared, options.createNamespace === true, call);
  return withScratch(options.tmpDir, async (scratch) => {
    const { commit, table, root, resuming } = prepared;
    const context = { place: deps.repository, source: deps.source, commit, table, root, layout, scratch, resuming, call };
    const content = await planContent(context);
    await assertReadable(content, context);
    const plan = show(deps, prepared, content, namespaceMissing);
    if (options.dryRun) return { outcome: 'planned', plan, ...head };
    const made = await execute(deps, options, prepared, content, namespaceMissing, scratch, call);
    return { outcome: 'restored', plan, ...head, ...made };
  });
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
  const { commit, table, root, layout, target, abstract, claimAt } = prepared;
  const { repository: place, source, catalog, report } = deps;
  const { claim, resuming } = await claimTarget(prepared, call);
  // A selector that is not the name: the repository's own store was found to be such a one.
  if (commit.selector !== commit.name && layout.root.store.endpoint === place.store.endpoint) {
    report.info(
      `${layout.location} lies on a store without true conditional writes: let no other restore to it begin at the same moment`,
    );
  }
  const undo = async () => {
    const rollback = { catalog, report, target, layout, root, claim, concrete: prepared.concrete, claimAt, resuming, call };
    const removed = await rollBack(content.expected, rollback).catch(() => undefined);
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
    const context = { place, commit, table, root, layout, scratch, resuming, call, source, jobs: options.jobs, report };
    await copyContent(content, context);
    const write = { place, root, layout, expected: content.expected, report, call };
    const concrete = concreteMetadata(abstract, root, layout, claim, await writeTree(write));
    await writeMetadata(concrete, write);
    await proveTarget(content.expected, context);
    await register(deps, { ...prepared, claim }, concrete, call);
    await cleanUp(deps, prepared, call);
    return { metadataLocation: concrete.uri, tableUuid: claim.table_uuid };
  } catch (error) {
    // What another attempt can finish stays; what can never become a table goes.
    if (isCode(error, ...HOPELESS)) await undo();
    throw error;
  }
}

/** Touches the catalog, having announced it, so that nobody removes the files meanwhile. The announcement stays after an outcome that is not known. */
async function register(deps: RestoreDeps, prepared: Prepared, concrete: ConcreteMetadata, call: CallOptions): Promise<void> {
  const { target, table, layout, claimAt, claim } = prepared;
  const { catalog } = deps;
  const takeBack = await announceRegistration(claimAt, claim, call);
  try {
    // Once more: another restore may have finished inside or above this place meanwhile.
    await assertTargetApart(layout.location, target, table, deps.repository, deps.target, catalog, call);
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
  const claim = await takeClaim(prepared.claimAt, prepared.claim, call);
  if (prepared.resuming || claim.run !== prepared.claim.run) return { claim, resuming: true };
  try {
    await assertEmpty(prepared, call);
  } catch (error) {
    const ours = isCode(error, 'target-not-empty') && (await whoseClaim(prepared.claimAt, claim, call)) === 'ours';
    if (ours) await whereAllowed(removeRecord(prepared.claimAt, call));
    throw error;
  }
  const kept = await confirmClaim(prepared.claimAt, claim, call);
  return { claim: kept, resuming: kept.run !== claim.run };
}

function show(deps: RestoreDeps, prepared: Prepared, content: ContentPlan, createsNamespace: boolean): Plan {
  const { commit, root, table, layout, concrete, resuming } = prepared;
  const { total, held } = content;
  const copied = { objects: total.objects - held.objects, bytes: total.bytes - held.bytes };
  const none = { objects: 0, bytes: 0 };
  const from = commit.mode === 'copy' ? deps.repository.store.service : deps.source.resolve(table.location).store.service;
  const serverSide = from === layout.root.store.service;
  const written = [root.metadata, ...root.lists, ...root.manifests];
  const streamed = serverSide ? 0 : copied.objects;
  return {
    command: 'restore',
    table: formatIdent(prepared.target),
    from: `${placeUri(deps.repository)}/${commitKey(commit.selector)}`,
    to: layout.location,
    mode: commit.mode,
    ...(createsNamespace ? { createsNamespace: prepared.target.namespace.join('.') } : {}),
    snapshots: table.snapshots,
    data: { total, reused: held, serverSide: serverSide ? copied : none, streamed: serverSide ? none : copied },
    metadata: { objects: written.length, bytes: written.reduce((sum, { length }) => sum + length, 0) },
    requests: {
      // Three looks at the claim; metadata.json is read. What an earlier attempt has written is compared.
      get: root.lists.length + root.manifests.length + 3 + streamed + (resuming ? written.length : 0),
      // The claim, what asks for the right to delete, the announcement of the registration.
      put: written.length + 3 + streamed,
      copy: serverSide ? copied.objects : 0,
      // Whether the place is free, in it and above it; the flags, twice; the proof, and what is there when an attempt goes on.
      list: 4 + layout.root.key.split('/').length - 1 + (resuming ? 2 : 1) * Math.ceil((total.objects + written.length) / 1000),
    },
    edits: concrete.edits,
  };
}
