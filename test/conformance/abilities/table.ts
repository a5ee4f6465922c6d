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
  const rows = markdown
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map(cells);
  const head = rows.findIndex(([first]) => first === 'ability');
  const columns = new Map<string, Map<string, string>>();
  for (const [at, name] of (rows[head] ?? []).entries()) {
    if (at === 0) continue;
    columns.set(name, new Map(rows.slice(head + 2).map((row) => [row[0] ?? '', row[at] ?? ''])));
  }
  return columns;
}

function cells(line: string): string[] {
  return line
    .replace(/^\||\|\s*$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}
