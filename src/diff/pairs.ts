import type { CommittedTable } from '../repository/commit.js';

/** A table of one backup and the same of another; one of the two may be missing. */
export interface Pair {
  readonly before?: CommittedTable;
  readonly after?: CommittedTable;
}

/** Tables are the same by identifier; those left over, by uuid: they were renamed. In the order of the first, then what only the second has. */
export function pairTables(before: readonly CommittedTable[], after: readonly CommittedTable[]): readonly Pair[] {
  const left = new Set(after);
  const take = (same: (table: CommittedTable) => boolean): CommittedTable | undefined => {
    const found = [...left].find(same);
    if (found) left.delete(found);
    return found;
  };
  const byName = before.map((table) => ({ table, twin: take(({ identifier }) => isSame(identifier, table.identifier)) }));
  const pairs = byName.map(({ table, twin }) => {
    const found = twin ?? (table.uuid === null ? undefined : take(({ uuid }) => uuid === table.uuid));
    return { before: table, ...(found && { after: found }) };
  });
  return [...pairs, ...[...left].map((table) => ({ after: table }))];
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((level, i) => level === b[i]);
}
