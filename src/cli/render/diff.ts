import type { ColumnChange } from '../../diff/columns.js';
import type { DiffResult, TableDiff } from '../../diff/diff.js';
import type { FileChanges } from '../../diff/files.js';
import type { NamedChange, TableChanges } from '../../diff/table.js';
import { CONTENT_KINDS } from '../../iceberg/content-kind.js';
import type { SnapshotFacts } from '../../iceberg/snapshot-facts.js';
import type { ContentAmounts } from '../../look/amounts.js';
import { LIVE } from '../../repository/keys.js';
import { facts } from './facts.js';
import { count, formatCount } from './numbers.js';
import { amountText, formatRows, snapshotText } from './table.js';
import { amountsFields, snapshotFields } from './table-fields.js';

type Fields = Readonly<Record<string, unknown>>;

/** Longer lists are whole in `--json`. */
const SHOWN = 20;

/** What changed in one table, for people; `+` = only in the second, `-` = only in the first, `~` = changed. */
export function tableDiffText({ table, renamedFrom, only, changes }: TableDiff): string {
  if (only === 'from') return `- ${table}`;
  if (only === 'to') return `+ ${table}`;
  const title = renamedFrom === undefined ? table : `${table} (was ${renamedFrom})`;
  if (changes === undefined) return `! ${title}: cannot be compared`;
  if (!changes.changed) return `  ${title}: no difference, ${rowsText(changes.files)}`;
  return [`~ ${title}`, facts(details(changes), '    ')].join('\n');
}

function details(changes: TableChanges): readonly (readonly [string, string | undefined])[] {
  const { identity, snapshots, refs, columns, partitioning, order, properties, files } = changes;
  return [
    ['Table', lines(identity.map(namedText))],
    ['Snapshots', lines([...snapshots.removed.map(marked('-')), ...snapshots.added.map(marked('+'))])],
    ['Refs', lines(refs.map(namedText))],
    ['Columns', lines(columns.map(columnText))],
    ['Partitioned by', partitioning === null ? undefined : listText(partitioning)],
    ['Sorted by', order === null ? undefined : listText(order)],
    ['Properties', lines(properties.map(namedText))],
    ['Files', lines([...amountLines('-', files.removed), ...amountLines('+', files.added)])],
    ['Rows', `${formatRows(files.before.rows)} -> ${formatRows(files.after.rows)}`],
    ['Data files', `${formatCount(files.before.dataFiles)} -> ${formatCount(files.after.dataFiles)}`],
    [
      'Delete files',
      files.before.deleteFiles + files.after.deleteFiles === 0
        ? undefined
        : `${formatCount(files.before.deleteFiles)} -> ${formatCount(files.after.deleteFiles)}`,
    ],
  ];
}

function lines(all: readonly string[]): string | undefined {
  const shown = all.length > SHOWN ? [...all.slice(0, SHOWN), `and ${formatCount(all.length - SHOWN)} more`] : all;
  return shown.length === 0 ? undefined : shown.join('\n');
}

const marked =
  (mark: string) =>
  (snapshot: SnapshotFacts): string =>
    `${mark} ${snapshotText(snapshot)}`;

function namedText({ name, from, to }: NamedChange): string {
  if (from === null) return `+ ${name} = ${to}`;
  if (to === null) return `- ${name} = ${from}`;
  return `~ ${name}: ${from} -> ${to}`;
}

function columnText({ change, id, column, from, to }: ColumnChange): string {
  if (change === 'added') return `+ ${column} ${to} (field ${id})`;
  if (change === 'dropped') return `- ${column} ${from} (field ${id})`;
  const what = change === 'renamed' ? '' : `${change.replace('-', ' ')} `;
  return `~ ${column === '' ? '' : `${column}: `}${what}${from ?? 'none'} -> ${to ?? 'none'}`;
}

function listText({ from, to }: { readonly from: readonly string[]; readonly to: readonly string[] }): string {
  const text = (fields: readonly string[]) => fields.join(', ') || 'nothing';
  return `${text(from)} -> ${text(to)}`;
}

function amountLines(mark: string, amounts: ContentAmounts): readonly string[] {
  return CONTENT_KINDS.filter((kind) => amounts[kind].files > 0).map((kind) => `${mark} ${amountText(kind, amounts[kind])}`);
}

function rowsText({ after }: FileChanges): string {
  return `${count(after.dataFiles, 'data file')}, ${formatRows(after.rows)} ${after.rows === 1n ? 'row' : 'rows'}`;
}

/** The line that ends `bcn diff`. */
export function diffSentence({ from, to, tables }: DiffResult): string {
  const { changed, damaged } = diffCounts(tables);
  const differ = changed === 0 ? 'No table differs' : count(changed, 'table differs', 'tables differ');
  const of = tables.length > 1 ? `, of ${count(tables.length, 'table')}` : '';
  const parts = [
    ...(damaged < tables.length ? [`${differ} between ${from} and ${to === LIVE ? 'what the catalog has now' : to}${of}`] : []),
    ...(damaged > 0 ? [`${count(damaged, 'table')} could not be compared`] : []),
  ];
  return parts.join('; ');
}

export function diffCounts(tables: readonly TableDiff[]): { readonly changed: number; readonly damaged: number } {
  return {
    changed: tables.filter(({ only, changes }) => only !== undefined || changes?.changed === true).length,
    damaged: tables.filter(({ error }) => error !== undefined).length,
  };
}

/** The `diff` event (specs/schemas/diff.json). */
export function tableDiffFields({ table, renamedFrom, only, changes, error }: TableDiff): Fields {
  const head = { table, renamed_from: renamedFrom ?? null, only: only ?? null };
  if (changes === undefined) return { ...head, changed: error ? null : only !== undefined };
  const { changed, identity, snapshots, refs, columns, partitioning, order, properties, files } = changes;
  const totals = ({ dataFiles, rows, deleteFiles }: FileChanges['before']) => ({
    data_files: dataFiles,
    rows: String(rows),
    delete_files: deleteFiles,
  });
  return {
    ...head,
    changed,
    identity,
    snapshots: { added: snapshots.added.map(snapshotFields), removed: snapshots.removed.map(snapshotFields) },
    refs,
    columns,
    partitioning,
    sort_order: order,
    properties,
    files: {
      added: amountsFields(files.added),
      removed: amountsFields(files.removed),
      before: totals(files.before),
      after: totals(files.after),
    },
  };
}
