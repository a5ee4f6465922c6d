import { expect, test } from 'vitest';
import { listTotals } from '../../../src/cli/render/totals.js';
import type { ListedBackup } from '../../../src/repository/list.js';

test('tables count once, stored bytes are what was added, references store nothing', () => {
  const backup = (mode: 'copy' | 'reference', names: readonly string[], total: number, fresh: number) =>
    ({
      mode,
      tables: names.map((table) => ({ table, catalog: 'c', files: { total: 2, new: 1 }, bytes: { total, new: fresh } })),
    }) as unknown as ListedBackup;
  const backups = [backup('copy', ['a', 'b'], 100, 100), backup('copy', ['a'], 110, 10), backup('reference', ['a'], 120, 0)];
  expect(listTotals({ backups, damaged: [] })).toEqual({
    backups: 3,
    damaged: 0,
    tables: 2,
    files: { total: 8, new: 4 },
    bytes: { total: { logical: 430, stored: 210 }, new: { logical: 210, stored: 210 } },
  });
  expect(listTotals({ backups: [], damaged: [] })).toMatchObject({ tables: 0, bytes: { total: { logical: 0, stored: 0 } } });
});
