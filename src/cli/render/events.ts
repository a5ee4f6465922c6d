import type { ShownBackup } from '../../look/show.js';
import type { Plan } from '../../plan.js';
import type { ListedBackup } from '../../repository/list.js';
import { type BackupSummary, pinnedBetween } from '../../repository/summary.js';
import type { Checked, VerifiedBackup } from '../../verify/options.js';

/** The published JSON forms (specs/schemas). Snake case; int64 ids are strings; kept apart from the types inside, which may change. */
type Fields = Readonly<Record<string, unknown>>;

export function backupFields(backup: BackupSummary): Fields {
  // Content is stored verbatim: what a copy stores is what the table holds; a reference stores none of it.
  const stored = (bytes: number): number => (backup.mode === 'copy' ? bytes : 0);
  const pinned = pinnedBetween(backup);
  return {
    name: backup.name,
    selector: backup.selector,
    id: backup.id,
    run: backup.run,
    when: backup.when,
    mode: backup.mode,
    bcn: backup.bcn,
    partial: backup.partial,
    incomplete: backup.incomplete,
    ...(backup.origin && { origin: backup.origin }),
    ...(backup.failed.length > 0 && { failed: backup.failed }),
    pinned: pinned ? { first: pinned.first, last: pinned.last, apart_ms: pinned.apart } : null,
    tables: backup.tables.map((table) => ({
      table: table.table,
      catalog: table.catalog,
      uuid: table.uuid,
      location: table.location,
      metadata_location: table.metadataLocation,
      pinned: table.pinned,
      format_version: table.formatVersion,
      snapshots: table.snapshots,
      current_snapshot_id: table.currentSnapshotId,
      refs: table.refs.map((ref) => ({ name: ref.name, type: ref.type, snapshot_id: ref.snapshotId })),
      manifests: table.manifests,
      files: { total: table.files.total, new: table.files.new },
      bytes: {
        total: { logical: table.bytes.total, stored: stored(table.bytes.total) },
        new: { logical: table.bytes.new, stored: stored(table.bytes.new) },
      },
      ...(table.missing && { missing: table.missing }),
    })),
  };
}

/** As `list` shows a backup: with what happened to it. */
export function listedFields(backup: ListedBackup): Fields {
  const locked = backup.lockedUntil === undefined ? {} : { locked_until: backup.lockedUntil };
  return { ...backupFields(backup), verified: backup.verified, damaged: backup.damaged, ...locked };
}

/** As `show` shows it: with all events. */
export function shownFields({ backup, events }: ShownBackup): Fields {
  const time = (when: number | undefined) => (when === undefined ? null : new Date(when).toISOString());
  return { ...listedFields(backup), events: events.map(({ kind, when, key }) => ({ kind, when: time(when), key })) };
}

export function planFields(plan: Plan): Fields {
  return {
    command: plan.command,
    table: plan.table,
    from: plan.from,
    to: plan.to,
    mode: plan.mode,
    ...(plan.createsNamespace === undefined ? {} : { creates_database: plan.createsNamespace }),
    snapshots: plan.snapshots,
    data: {
      total: plan.data.total,
      reused: plan.data.reused,
      server_side: plan.data.serverSide,
      streamed: plan.data.streamed,
    },
    ...(plan.rewritten === undefined ? {} : { rewritten: plan.rewritten }),
    ...(plan.missing === undefined ? {} : { missing: plan.missing }),
    metadata: plan.metadata,
    ...(plan.roots === undefined
      ? {}
      : { roots: plan.roots.map(({ source, target, why, files }) => ({ source, target, why, files })) }),
    requests: plan.requests,
    edits: plan.edits.map(({ field, from, to }) => ({ field, ...(from === undefined ? {} : { from }), to })),
  };
}

/** What became of a backup that was checked among others. */
export function verdictFields({ name, selector, backup, problems }: VerifiedBackup): Fields {
  return { name, selector, id: backup?.id ?? null, ok: problems === 0, problems };
}

export function checkedFields(checked: Checked): Fields {
  return {
    metadata: checked.metadata,
    files: checked.files,
    files_read: checked.filesRead,
    bytes_read: checked.bytesRead,
    without_checksum: checked.withoutChecksum,
    missing: checked.missing,
  };
}
