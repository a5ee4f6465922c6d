import type { ContentKind } from '../../iceberg/content-kind.js';
import { CONTENT_KINDS } from '../../iceberg/content-kind.js';
import type { TableSchema } from '../../iceberg/schema.js';
import type { SnapshotFacts } from '../../iceberg/snapshot-facts.js';
import type { ContentAmount, ContentAmounts } from '../../look/amounts.js';
import type { TableFacts } from '../../look/show.js';
import { columns } from './columns.js';
import { count, formatBytes, formatCount, formatTime } from './numbers.js';

/** Older ones are in `--json`. */
const SNAPSHOTS_SHOWN = 10;
const VALUE_SHOWN = 120;

/** Name and value pairs, for `facts`, of what a table's metadata says. */
export function tableDetails(table: TableFacts): readonly (readonly [string, string | undefined])[] {
  return [
    ['History', history(table.snapshots)],
    ['Schema', schemaText(table.schema)],
    ['Partitioned by', table.partitioning.join('\n') || 'nothing'],
    ['Sorted by', table.order.join('\n') || 'nothing'],
    ['Properties', pairs(table.properties) || 'none'],
    ['Files lie in', table.places.map(({ place, why }) => `${place} (${why})`).join('\n')],
    ['Current snapshot', amountsText(table.content)],
    ['Needs', table.requires.join(', ') || 'nothing special'],
    ['Source', table.source],
    ['Catalog entry', pairs(flat(table.entry))],
  ];
}

function history(snapshots: readonly SnapshotFacts[]): string | undefined {
  // Those of one moment: the later in the file is the newer.
  const newest = [...snapshots]
    .reverse()
    .sort((a, b) => Number(b.timestampMs - a.timestampMs))
    .slice(0, SNAPSHOTS_SHOWN);
  const lines = newest.map(snapshotText);
  const more = snapshots.length - lines.length;
  if (more > 0) lines.push(`and ${formatCount(more)} older`);
  return lines.length === 0 ? undefined : lines.join('\n');
}

/** `2026-11-20 01:00:00  append  123` */
export function snapshotText({ id, timestampMs, operation }: SnapshotFacts): string {
  return `${formatTime(timeOf(timestampMs))}  ${(operation ?? '').padEnd(9)}  ${id}`;
}

/** ISO 8601, or the number itself where it is no time that a date can hold. */
export function timeOf(ms: bigint): string {
  const date = new Date(Number(ms));
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

function schemaText({ columns: all, identifiers }: TableSchema): string {
  const rows = all.map(({ id, path, type, required, doc, initialDefault, writeDefault }) => {
    const notes = [
      ...(required ? ['required'] : []),
      ...(identifiers.includes(id) ? ['identifies rows'] : []),
      ...(writeDefault !== undefined ? [`default ${writeDefault}`] : []),
      ...(initialDefault !== undefined && initialDefault !== writeDefault ? [`initially ${initialDefault}`] : []),
      ...(doc === undefined ? [] : [`"${doc}"`]),
    ];
    return [String(id), path, type, notes.join(', ')];
  });
  return columns([{ title: 'ID', align: 'right' }, { title: 'COLUMN' }, { title: 'TYPE' }, { title: '' }], rows);
}

const KIND_NAMES: Readonly<Record<ContentKind, readonly [one: string, many: string]>> = {
  data: ['data file', 'data files'],
  'position-deletes': ['position delete file', 'position delete files'],
  'equality-deletes': ['equality delete file', 'equality delete files'],
  vectors: ['deletion vector', 'deletion vectors'],
};

/** `5 data files, 25 rows, 4.0 KiB`, a line for each kind that there is. */
function amountsText(amounts: ContentAmounts): string {
  const lines = CONTENT_KINDS.filter((kind) => amounts[kind].files > 0).map((kind) => amountText(kind, amounts[kind]));
  return lines.join('\n') || 'holds nothing';
}

export function amountText(kind: ContentKind, { files, rows, bytes }: ContentAmount): string {
  const what = kind === 'vectors' ? ['position', 'positions'] : ['row', 'rows'];
  return `${count(files, ...KIND_NAMES[kind])}, ${formatRows(rows)} ${what[rows === 1n ? 0 : 1]}, ${formatBytes(bytes)}`;
}

/** `12,345`, in every locale. */
export function formatRows(rows: bigint): string {
  return rows.toLocaleString('en-US');
}

function pairs(values: Readonly<Record<string, string>>): string {
  const cut = (value: string) => (value.length > VALUE_SHOWN ? `${value.slice(0, VALUE_SHOWN)}…` : value);
  return Object.entries(values)
    .map(([key, value]) => `${key} = ${cut(value)}`)
    .join('\n');
}

/** Nested fields as `parameters.owner`. */
function flat(values: Readonly<Record<string, unknown>>, prefix = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue;
    if (typeof value === 'object' && !Array.isArray(value)) {
      Object.assign(found, flat(value as Readonly<Record<string, unknown>>, `${prefix}${key}.`));
    } else found[prefix + key] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return found;
}
