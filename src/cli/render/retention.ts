import type { ForgetResult } from '../../forget/options.js';
import type { Amount, PruneResult } from '../../prune/options.js';
import type { UnfinishedRun } from '../../runs/runs.js';
import { columns } from './columns.js';
import { facts } from './facts.js';
import { count, formatBytes, formatCount, formatTime } from './numbers.js';

/** What `bcn forget` keeps and deletes, and why. */
export function retentionTable({ backups, outcome }: ForgetResult): string {
  const gone = outcome === 'planned' ? 'delete' : 'deleted';
  return columns(
    [{ title: 'NAME' }, { title: 'WHEN (UTC)' }, { title: 'TABLE' }, { title: '' }, { title: 'WHY' }],
    backups.map(({ selector, when, tables, kept, reasons }) => [
      selector,
      formatTime(when),
      tables.join(', '),
      kept ? 'keep' : gone,
      kept ? reasons.join(', ') : 'no policy keeps it',
    ]),
  );
}

/** The table that `bcn runs` prints; `now`: the store's time, ms. */
export function runsTable(runs: readonly UnfinishedRun[], now: number): string {
  return columns(
    [
      { title: 'RUN' },
      { title: 'BACKUP' },
      { title: 'TABLE' },
      { title: 'AGE', align: 'right' },
      { title: 'LAST WRITE', align: 'right' },
      { title: 'OBJECTS', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'A RERUN' },
    ],
    runs.map(({ run, name, table, origin, began, lastWrite, objects, bytes, continuable }) => [
      run,
      `${name ?? '?'}${origin ? ' (copy)' : ''}`,
      table ?? '?',
      age(now - began),
      `${age(now - lastWrite)} ago`,
      formatCount(objects),
      formatBytes(bytes),
      continuable ? 'continues it' : 'begins anew',
    ]),
  );
}

const REMOVED_WORDS: readonly (readonly [keyof PruneResult['removed'], string])[] = [
  ['deleted', 'of deleted backups'],
  ['unfinished', 'of runs that were given up'],
  ['leftovers', 'that runs left beside their backups'],
  ['records', 'records of what is gone'],
  ['versions', 'that the bucket kept of what is gone'],
];
const KEPT_WORDS: readonly (readonly [keyof PruneResult['kept'], string])[] = [
  ['backups', 'needed by backups'],
  ['grace', 'of backups deleted within the grace, or held by a reader'],
  ['young', 'of runs that may be alive'],
  ['foreign', 'not of bcn'],
];

/** What `bcn prune` removed and kept, and why. */
export function pruneText({ outcome, backups, removed, kept, locked, lockedUntil, uploads }: PruneResult): string {
  const lines = (amounts: Readonly<Record<string, Amount>>, words: readonly (readonly [string, string])[]) =>
    words.flatMap(([key, word]) => {
      const amount = amounts[key];
      return amount && amount.objects > 0 ? `${objects(amount)} ${word}` : [];
    });
  const gone = lines(removed, REMOVED_WORDS);
  if (uploads > 0) gone.push(count(uploads, 'unfinished upload'));
  return facts([
    ['Backups', backups.length === 0 ? undefined : backups.join('\n')],
    [outcome === 'planned' ? 'Would remove' : 'Removed', gone.join('\n') || 'nothing'],
    ['Kept', lines(kept, KEPT_WORDS).join('\n') || 'nothing'],
    [
      'Locked',
      locked.objects === 0
        ? undefined
        : `${objects(locked)}${lockedUntil === undefined ? '' : `, until ${formatTime(new Date(lockedUntil).toISOString())}`}`,
    ],
  ]);
}

const objects = (amount: Amount): string => `${count(amount.objects, 'object')} (${formatBytes(amount.bytes)})`;

/** `3 d`, `5 h`, `12 min`. */
function age(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}
