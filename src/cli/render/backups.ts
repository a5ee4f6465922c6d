import type { ShownBackup, ShownTable } from '../../look/show.js';
import type { BackupEvent } from '../../repository/history.js';
import { type BackupSummary, pinnedBetween, type TableSummary } from '../../repository/summary.js';
import { facts } from './facts.js';
import { count, formatBytes, formatCount, formatTime } from './numbers.js';
import { tableDetails } from './table.js';

export function modeLabel(mode: BackupSummary['mode']): string {
  return mode === 'copy' ? 'copy' : 'reference (dies with its source)';
}

/** All that `bcn show` knows of a backup. */
export function backupFacts({ backup, events, tables }: ShownBackup, uri: string): string {
  const head = facts([
    ['Backup', backup.name],
    ['Exactly', backup.selector === backup.name ? undefined : backup.selector],
    ['Stored at', uri],
    ['Id', backup.id],
    ['Run', backup.run],
    ['When', `${formatTime(backup.when)} UTC`],
    ['Data', backup.mode === 'copy' ? 'copy (self-contained)' : modeLabel(backup.mode)],
    ['Pinned', spread(backup)],
    ['Complete', incompleteness(backup) || undefined],
    ['Copy of', backup.origin && `${backup.origin.id} in the repository ${backup.origin.repository}`],
    ['Made by', `bcn ${backup.bcn}`],
    ['Verified', backup.verified === null ? 'never' : `${formatTime(backup.verified)} UTC`],
    ['Damaged', backup.damaged === null ? undefined : `found so ${formatTime(backup.damaged)}`],
    ['Events', events.map(eventText).join('\n') || undefined],
  ]);
  const failed = backup.failed.map(({ table, code, message }) =>
    facts([
      ['Table', table],
      ['Missing', `${code}: ${message}`],
    ]),
  );
  const shown = backup.tables.map((table, i) => tableFacts(table, backup.mode, tables[i]));
  return [head, ...shown, ...failed].join('\n\n');
}

function incompleteness({ partial, incomplete }: BackupSummary): string {
  return [
    ...(partial ? ['no: PARTIAL, some tables that were asked for are not in it'] : []),
    ...(incomplete ? ['no: INCOMPLETE, live files were missing from the source'] : []),
  ].join('\n');
}

/** How many missing files are named; `--json` has all. */
const NAMED = 20;

function missingText({ missing }: TableSummary, shown: ShownTable | undefined): string | undefined {
  if (!missing) return undefined;
  const paths = shown?.facts?.missing.map(({ path, size }) => `${path} (${formatBytes(size)})`) ?? [];
  const more = paths.length > NAMED ? [`and ${formatCount(paths.length - NAMED)} more`] : [];
  return [`${count(missing.files, 'live file')}, ${formatBytes(missing.bytes)}`, ...paths.slice(0, NAMED), ...more].join('\n');
}

function eventText({ kind, when }: BackupEvent): string {
  return when === undefined ? kind : `${formatTime(new Date(when).toISOString())}  ${kind}`;
}

function tableFacts(table: TableSummary, mode: BackupSummary['mode'], shown: ShownTable | undefined): string {
  const fresh = (text: string): string => (mode === 'copy' ? `, ${text} new in this backup` : ', none of them stored');
  return facts([
    ['Table', table.table],
    ['Catalog', table.catalog],
    ['Uuid', table.uuid ?? 'none (format v1)'],
    ['Location', table.location],
    ['Metadata', table.metadataLocation],
    ['Pinned', table.pinned === null ? undefined : `${formatTime(table.pinned)} UTC`],
    ['Format', `v${table.formatVersion}`],
    ['Snapshots', `${formatCount(table.snapshots)}, current ${table.currentSnapshotId ?? 'none'}`],
    ['Refs', table.refs.map((ref) => `${ref.name} (${ref.type}) -> ${ref.snapshotId}`).join('\n') || 'none'],
    ['Manifests', formatCount(table.manifests)],
    ['Files', `${formatCount(table.files.total)}${fresh(formatCount(table.files.new))}`],
    ['Size', `${formatBytes(table.bytes.total)}${mode === 'copy' ? fresh(formatBytes(table.bytes.new)) : ''}`],
    ['Missing', missingText(table, shown)],
    ...(shown?.facts ? tableDetails(shown.facts) : [['More', 'cannot be read: this backup is DAMAGED'] as const]),
  ]);
}

/** How far apart the moments are that several tables were pinned at; undefined for one table. */
function spread(backup: BackupSummary): string | undefined {
  const pinned = pinnedBetween(backup);
  if (!pinned || backup.tables.length < 2) return undefined;
  const seconds = pinned.apart / 1000;
  return `the catalog was asked for its tables at moments ${seconds.toFixed(seconds < 10 ? 1 : 0)} s apart`;
}

/** The sentence that ends `bcn backup`. */
export function backupSentence(backup: BackupSummary, already: boolean, repository: string): string {
  const parts = backup.tables.map(({ table, snapshots, files, bytes, missing }) => {
    const fresh = (text: string): string => (backup.mode === 'copy' ? ` (${text} new)` : '');
    const data = `${count(files.total, 'data file')}${fresh(formatCount(files.new))}`;
    const size = `${formatBytes(bytes.total)}${fresh(formatBytes(bytes.new))}`;
    const lacks = missing ? `; INCOMPLETE: ${count(missing.files, 'live file')} missing from the source` : '';
    return `${table}: ${count(snapshots, 'snapshot')}, ${data}, ${size}${lacks}`;
  });
  const state = backup.incomplete ? 'is INCOMPLETE' : already ? 'was complete already' : 'is complete';
  const lines = [`Backup "${backup.name}" ${state} in ${repository}`, ...parts];
  const apart = spread(backup);
  if (apart !== undefined) lines.push(apart);
  for (const { table, message } of backup.failed) lines.push(`${table} is not in it: ${message}`);
  if (backup.mode === 'reference') lines.push('Metadata only: its data stays where it is, and it dies with its source');
  return lines.join('\n  ');
}
