export interface Column {
  readonly title: string;
  readonly align?: 'right';
}

/** An aligned table, two spaces between columns, no trailing spaces; one line per row after the titles. */
export function columns(heads: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, i) => Math.max(head.title.length, ...rows.map((row) => [...(row[i] ?? '')].length)));
  const line = (cells: readonly string[]): string =>
    heads
      .map((head, i) => {
        const cell = cells[i] ?? '';
        const fill = ' '.repeat(Math.max(0, (widths[i] ?? 0) - [...cell].length));
        return head.align === 'right' ? fill + cell : cell + fill;
      })
      .join('  ')
      .trimEnd();
  return [line(heads.map((head) => head.title)), ...rows.map(line)].join('\n');
}
