import { BcnError } from '../errors.js';
import type { HistoryKeep } from '../iceberg/history.js';

/**
 * The value of `--history`: `full`, `current` or `last:N` with N from 1 (`last:1` is `current`).
 *
 * @throws BcnError `usage` for anything else
 */
export function parseHistory(value: string): HistoryKeep {
  if (value === 'full' || value === 'current') return { kind: value };
  // A table has fewer snapshots than this many digits can say.
  const count = /^last:(\d{1,15})$/.exec(value)?.[1];
  if (count !== undefined && Number(count) >= 1) return { kind: 'last', count: Number(count) };
  throw new BcnError(
    'usage',
    `--history must be full, current or last:N with a whole number from 1, not ${JSON.stringify(value)}`,
    {
      hint: 'last:3 keeps the current snapshot and the two before it on the main branch.',
    },
  );
}
