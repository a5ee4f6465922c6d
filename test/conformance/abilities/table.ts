import { KEYS } from './keys.js';
import { PARTS } from './parts.js';
import { RANGES } from './ranges.js';
import type { Ability } from './row.js';
import { SUMS } from './sums.js';
import { UPLOADS } from './uploads.js';
import { WRITES } from './writes.js';

export const ABILITIES: readonly Ability[] = [...WRITES, ...RANGES, ...SUMS, ...PARTS, ...UPLOADS, ...KEYS];

/** A table of Markdown by its columns: name of the column → first cell of the row → cell. The one whose first heading is `ability`. */
export function parseTable(markdown: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const lines = markdown.split('\n');
  const begin = lines.findIndex((line) => line.startsWith('| ability |'));
  const length = lines.slice(begin).findIndex((line) => !line.startsWith('|'));
  const rows = lines.slice(begin, begin + length).map(cells);
  const columns = new Map<string, Map<string, string>>();
  for (const [at, name] of (rows[0] ?? []).entries()) {
    if (at === 0) continue;
    columns.set(name, new Map(rows.slice(2).map((row) => [row[0] ?? '', row[at] ?? ''])));
  }
  return columns;
}

function cells(line: string): string[] {
  return line
    .replace(/^\||\|\s*$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}
