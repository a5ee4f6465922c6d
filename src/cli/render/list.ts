import type { BackupList, DamagedRecord, ListedBackup } from '../../repository/list.js';
import { modeLabel } from './backups.js';
import { type Column, columns } from './columns.js';
import { count, formatBytes, formatCount, formatTime } from './numbers.js';
import { type ListTotals, listTotals } from './totals.js';

interface ListColumn extends Column {
  readonly backup: (backup: ListedBackup, name: string) => string;
  readonly damaged?: (record: DamagedRecord) => string;
  readonly total?: (totals: ListTotals) => string;
}

const COLUMNS = {
  name: { title: 'NAME', backup: (_, name) => name, damaged: ({ selector }) => selector, total: totalName },
  tables: {
    title: 'TABLES',
    backup: ({ tables }) => tableNames(tables.map(({ table }) => table)),
    total: ({ tables }) => count(tables, 'table'),
  },
  when: {
    title: 'WHEN (UTC)',
    backup: ({ when }) => formatTime(when),
    damaged: ({ written }) => (written === null ? '' : formatTime(written)),
  },
  snapshots: {
    title: 'SNAPSHOTS',
    align: 'right',
    backup: ({ tables }) => formatCount(sum(tables.map(({ snapshots }) => snapshots))),
  },
  files: {
    title: 'FILES',
    align: 'right',
    backup: ({ tables }) => formatCount(sum(tables.map(({ files }) => files.total))),
    total: ({ files }) => formatCount(files.total),
  },
  logical: {
    title: 'LOGICAL',
    align: 'right',
    backup: ({ tables }) => formatBytes(sum(tables.map(({ bytes }) => bytes.total))),
    total: ({ bytes }) => formatBytes(bytes.total.logical),
  },
  stored: {
    title: 'STORED',
    align: 'right',
    backup: ({ mode, tables }) => (mode === 'copy' ? formatBytes(sum(tables.map(({ bytes }) => bytes.total))) : '-'),
    total: ({ bytes }) => formatBytes(bytes.total.stored),
  },
  fresh: {
    title: 'NEW',
    align: 'right',
    backup: ({ mode, tables }) => (mode === 'copy' ? formatBytes(sum(tables.map(({ bytes }) => bytes.new))) : '-'),
    total: ({ bytes }) => formatBytes(bytes.new.stored),
  },
  data: { title: 'DATA', backup: dataLabel, damaged: () => 'damaged record' },
  verified: { title: 'VERIFIED (UTC)', backup: verifiedLabel, damaged: () => '' },
  locked: { title: 'LOCKED UNTIL (UTC)', backup: lockedLabel, damaged: () => '' },
} as const satisfies Readonly<Record<string, ListColumn>>;

type ColumnName = keyof typeof COLUMNS;

/** What goes first where there is no room. */
const DROPPED: readonly ColumnName[] = ['stored', 'snapshots', 'files', 'fresh', 'verified', 'tables', 'logical'];

/**
 * The table that `bcn list` prints: a row for each backup, oldest first, one for each record that cannot be read, one of totals. Where several have one name, it is
 * their selectors that restore takes. `width`: of the terminal; lines that would be longer lose columns.
 */
export function listText(list: BackupList, width = Number.POSITIVE_INFINITY): string {
  const rows = rowsOf(list);
  const totals = listTotals(list);
  const asked = list.backups.some(({ lockedUntil }) => lockedUntil !== undefined);
  let names = (Object.keys(COLUMNS) as ColumnName[]).filter((name) => name !== 'locked' || asked);
  for (const dropped of [...DROPPED, undefined]) {
    const shown: readonly ListColumn[] = names.map((name) => COLUMNS[name]);
    const text = columns(shown, [
      ...rows.map(({ backup, damaged, name }) =>
        shown.map((column) => (backup ? column.backup(backup, name) : (column.damaged?.(damaged as DamagedRecord) ?? '-'))),
      ),
      shown.map(({ total }) => total?.(totals) ?? ''),
    ]);
    if (dropped === undefined || text.split('\n').every((line) => [...line].length <= width)) return text;
    names = names.filter((name) => name !== dropped);
  }
  return '';
}

interface Row {
  readonly time: string;
  readonly name: string;
  readonly backup?: ListedBackup;
  readonly damaged?: DamagedRecord;
}

function rowsOf({ backups, damaged }: BackupList): readonly Row[] {
  const seen = new Map<string, number>();
  for (const { name } of backups) seen.set(name, (seen.get(name) ?? 0) + 1);
  const rows: Row[] = backups.map((backup) => ({
    time: backup.when,
    name: (seen.get(backup.name) ?? 0) > 1 ? backup.selector : backup.name,
    backup,
  }));
  // A record that nobody knows the time of comes last, where it is seen.
  for (const record of damaged) rows.push({ time: record.written ?? '~', name: record.selector, damaged: record });
  return rows.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

function totalName({ backups, damaged }: ListTotals): string {
  return damaged === 0 ? count(backups, 'backup') : `${count(backups, 'backup')}, ${formatCount(damaged)} damaged`;
}

function tableNames(tables: readonly string[]): string {
  const more = tables.length - 2;
  return more > 0 ? `${tables.slice(0, 2).join(', ')}, +${formatCount(more)}` : tables.join(', ');
}

/** The marks stand here since this column is never dropped. */
function dataLabel({ mode, partial, incomplete, damaged }: ListedBackup): string {
  const marks = `${partial ? ', PARTIAL' : ''}${incomplete ? ', INCOMPLETE' : ''}${damaged === null ? '' : ', DAMAGED'}`;
  return `${modeLabel(mode)}${marks}`;
}

function verifiedLabel({ verified, damaged }: ListedBackup): string {
  if (damaged !== null) return `DAMAGED ${formatTime(damaged)}`.trimEnd();
  return verified === null ? '-' : formatTime(verified);
}

function lockedLabel({ lockedUntil }: ListedBackup): string {
  return typeof lockedUntil === 'string' ? formatTime(lockedUntil) : '-';
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
