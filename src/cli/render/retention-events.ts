import type { DeleteResult } from '../../delete/options.js';
import type { ForgottenOrKept } from '../../forget/options.js';
import type { PruneResult } from '../../prune/options.js';
import type { UnfinishedRun } from '../../runs/runs.js';

/** The published JSON forms of what happens to backups and runs afterwards (specs/schemas). */
type Fields = Readonly<Record<string, unknown>>;

const time = (ms: number): string | null => (Number.isFinite(ms) && ms > 0 ? new Date(ms).toISOString() : null);

export function deletionFields({ name, selector, id, when, tables, outcome }: DeleteResult): Fields {
  return { name, selector, id, when, tables, outcome };
}

export function retentionFields({ name, selector, id, when, tables, kept, reasons }: ForgottenOrKept): Fields {
  return { name, selector, id, when, tables, kept, reasons };
}

export function runFields({ run, name, table, origin, began, lastWrite, objects, bytes, continuable }: UnfinishedRun): Fields {
  const head = { run, name: name ?? null, table: table ?? null, ...(origin && { origin }) };
  return { ...head, began: time(began), last_write: time(lastWrite), held: { objects, bytes }, continuable };
}

export function pruneFields({ outcome, backups, removed, kept, locked, lockedUntil, versioned, uploads }: PruneResult): Fields {
  const until = lockedUntil === undefined ? {} : { locked_until: time(lockedUntil) };
  const versions = versioned === undefined ? {} : { versioned };
  return { outcome, purged: backups, removed, kept, locked, ...until, ...versions, uploads };
}
