import type { BackupList } from '../../repository/list.js';

/** What all listed backups hold together. */
export interface ListTotals {
  readonly backups: number;
  readonly damaged: number;
  /** Different ones. */
  readonly tables: number;
  readonly files: { readonly total: number; readonly new: number };
  /** Of `total` the stored bytes are what the backups added: a file that several share lies there once. */
  readonly bytes: { readonly total: Pair; readonly new: Pair };
}

interface Pair {
  readonly logical: number;
  readonly stored: number;
}

export function listTotals({ backups, damaged }: BackupList): ListTotals {
  const tables = new Set<string>();
  const files = { total: 0, new: 0 };
  let logical = 0;
  let stored = 0;
  for (const backup of backups) {
    for (const table of backup.tables) {
      tables.add(`${table.catalog}\n${table.table}`);
      files.total += table.files.total;
      files.new += table.files.new;
      logical += table.bytes.total;
      if (backup.mode === 'copy') stored += table.bytes.new;
    }
  }
  const fresh = { logical: stored, stored };
  return {
    backups: backups.length,
    damaged: damaged.length,
    tables: tables.size,
    files,
    bytes: { total: { logical, stored }, new: fresh },
  };
}
