import { isCode } from '../errors.js';
import { isRelative } from '../iceberg/paths.js';
import { storeTime } from '../repository/clock.js';
import { type Backup, type CommittedTable, REQUIREMENTS } from '../repository/commit.js';
import { type TableIdentity, writeHint } from '../repository/hints.js';
import { beginKey, commitKey, endKey, newAttemptId, probePrefix, runDataPrefix } from '../repository/keys.js';
import { findNamesakes } from '../repository/load.js';
import { placeUri, type RepositoryPlace } from '../repository/place.js';
import { commitsByRun, createRecord, type RepositoryRecord } from '../repository/record.js';
import type { Root } from '../repository/root.js';
import { createOnce } from '../storage/create-once.js';
import type { CallOptions } from '../storage/port.js';
import { VERSION } from '../version.js';
import type { Opened } from './backup.js';
import { commitBackup } from './commit.js';
import { copyFiles } from './copy.js';
import { keepBeating } from './heartbeat.js';
import { writeMeta } from './meta.js';
import type { BackupDeps, BackupOptions } from './options.js';
import type { BackupPlan } from './plan.js';
import { writePaths } from './refusals.js';

/** Carries a plan out: begin, copy, metadata, commit, hint, end. */
export async function executeBackup(
  deps: BackupDeps,
  options: BackupOptions,
  opened: Opened,
  plan: BackupPlan,
  identity: TableIdentity,
  call: CallOptions,
): Promise<Backup> {
  const place = deps.repository;
  const { run, pinned } = opened;
  const record = opened.record ?? (await makeRepository(deps, run, call));
  const begin = { asks: opened.ask, pinned: pinned.uri, bcn: VERSION };
  if (!opened.continued)
    await createOnce(place.store, place.prefix + beginKey(run), Buffer.from(`${JSON.stringify(begin)}\n`), call);
  else await place.store.abortUploads(place.prefix + runDataPrefix(run), call);
  const stopBeating = keepBeating(place, run, record.grace_ms);
  try {
    const content = await writeContent(deps, options, opened, plan, call);
    const draft = {
      format: 1 as const,
      bcn: VERSION,
      name: options.name,
      run,
      mode: options.mode,
      partial: false,
      tables: [{ ...describe(deps, opened), ...content.table, root: content.root }],
    };
    const backup = await commitBackup(place, draft, content.base, content.written, record, call);
    await writeHint(place, identity, backup);
    if (commitsByRun(record)) await tellNamesakes(deps, backup, call);
    await endRun(place, run, call);
    return backup;
  } catch (error) {
    // What this run pinned cannot be backed up, or its name is gone: the next attempt must begin at the table's current metadata.
    if (isCode(error, 'corrupt', 'unsupported', 'backup-exists')) await endRun(place, run, call);
    throw error;
  } finally {
    stopBeating();
  }
}

async function makeRepository({ repository, report }: BackupDeps, run: string, call: CallOptions): Promise<RepositoryRecord> {
  const record = await createRecord(repository, await storeTime(repository, call), probePrefix(run), call);
  if (commitsByRun(record)) {
    report.info(
      `${placeUri(repository)} lies on a store without true conditional writes: backups are kept by run, and two that are made at once under one name are both kept`,
    );
  }
  return record;
}

/** Two that looked for the name before either had committed have both taken it. At least one of the two is told. */
async function tellNamesakes({ repository, report }: BackupDeps, backup: Backup, call: CallOptions): Promise<void> {
  const found = await findNamesakes(repository, backup.name, true, call).catch(() => []);
  const others = found.filter(({ run }) => run !== backup.run).map(({ selector }) => selector);
  if (others.length === 0) return;
  report.warn(
    `there are other backups "${backup.name}", made at the same time: ${others.join(', ')}; this one is ${backup.selector}`,
    {
      object: `${placeUri(repository)}/${commitKey(backup.selector)}`,
    },
  );
}

/** Marks a run as one that nobody continues. Best effort: without the mark the next run of the name goes on where this one stopped. */
export async function endRun(place: RepositoryPlace, run: string, call: CallOptions): Promise<void> {
  await createOnce(place.store, place.prefix + endKey(run), Buffer.alloc(0), call).catch(() => undefined);
}

async function writeContent(deps: BackupDeps, options: BackupOptions, opened: Opened, plan: BackupPlan, call: CallOptions) {
  if (plan.kind === 'unchanged') {
    const { files, bytes, manifests, requires, root } = plan.base.table;
    const table = {
      manifests,
      ...(requires && { requires }),
      files: { total: files.total, new: 0 },
      bytes: { total: bytes.total, new: 0 },
    };
    return { table, root, base: plan.base, written: Number.POSITIVE_INFINITY };
  }
  const { run, table: name, pinned } = opened;
  const { repository: place, report, source } = deps;
  const { location } = pinned.metadata;
  const copy = { place, source, run, location, table: name, jobs: options.jobs, continued: opened.continued, report, call };
  if (options.mode === 'copy') await copyFiles(plan.files, copy);
  const context = { place, run, attempt: newAttemptId(), base: plan.base?.root, report, call };
  // A little early: the last write is the one of ROOT. Beats stop with the process, so nothing later counts.
  const written = await storeTime(place, call);
  const { root, stored } = await writeMeta(pinned, plan.tree, plan.files, context);
  const { total } = plan.files;
  // A reference backup holds none of them.
  const copied = options.mode === 'copy' ? plan.files.copied : { objects: 0, bytes: 0 };
  const table = {
    manifests: root.manifests.length,
    ...requirements(root),
    files: { total: total.objects, new: copied.objects },
    bytes: { total: total.bytes, new: copied.bytes },
  };
  return { table, root: stored, base: plan.base?.found, written };
}

function requirements({ lists, manifests, statistics }: Root): Pick<CommittedTable, 'requires'> {
  const outside = [...lists, ...manifests, ...statistics].some(({ path }) => !isRelative(path));
  const found = {
    deletes: manifests.some(({ deletes }) => deletes),
    outside: outside || manifests.some((manifest) => manifest.outside),
    statistics: statistics.length > 0,
  };
  const requires = REQUIREMENTS.filter((name) => found[name]);
  return requires.length === 0 ? {} : { requires };
}

function describe(deps: BackupDeps, { entry, pinned }: Opened) {
  const { metadata } = pinned;
  return {
    catalog: { type: deps.catalog.type, identity: deps.catalog.identity },
    identifier: [...entry.ident.namespace, entry.ident.name],
    uuid: metadata.tableUuid ?? null,
    entry: entry.raw,
    location: metadata.location,
    write_paths: writePaths(metadata),
    metadata_location: pinned.uri,
    format_version: metadata.formatVersion,
    source: deps.source.resolve(metadata.location).store.endpoint,
    snapshots: metadata.snapshots.length,
    refs: metadata.refs.map(({ name, type, snapshotId }) => ({ name, type, snapshot_id: snapshotId.toString() })),
    current_snapshot_id: metadata.currentSnapshotId?.toString() ?? null,
  };
}
