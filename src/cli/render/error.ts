import { inspect } from 'node:util';
import { BcnError, type ErrorCode } from '../../errors.js';

/** The next step for errors that bring none of their own. */
const HINTS: Readonly<Record<ErrorCode, string>> = {
  unexpected: 'This is a bug in bcn. Run it again with BCN_DEBUG=1 and report what it prints.',
  usage: 'See bcn --help',
  config: 'See bcn --help, "Environment"',
  partial: 'Run the same command again: what is done is kept.',
  'check-failed': 'Make a new full backup while the table is still there: bcn backup --fresh',
  'repository-not-found': 'Is BACKUP_BUCKET right? The first bcn backup makes the repository.',
  busy: 'Try again when the other run is over.',
  'repository-too-new': 'Use a newer bcn.',
  'table-not-found': 'Check --database and --table.',
  'namespace-not-found': 'Check the name of the database; a restore makes one with --create-database.',
  'backup-not-found': 'List them: bcn list',
  'bucket-not-found': 'Check the bucket name and the endpoint.',
  'object-not-found': 'Verify the backup: bcn verify NAME',
  'source-changed': 'Run the same command again.',
  unsupported: 'Nothing was written. The README lists the limits.',
  'object-archived': 'Bring the object back from the archive first.',
  'backup-exists': 'Backups are never overwritten: choose another --backup-name.',
  'table-exists': 'Choose another --target-table, or drop that table first.',
  'target-not-empty': 'Choose another --target-location.',
  'object-exists': 'Nothing is ever overwritten: choose another name or place.',
  'name-conflict': 'Choose another place for it.',
  'commit-conflict': 'Run the same command again.',
  'commit-unknown': 'Run the same command again: it looks first at how the last attempt ended.',
  'storage-auth': 'Check the credentials and what they may do.',
  'storage-unavailable': 'Is the service up, and its address right? Run the same command again: it continues.',
  'catalog-unavailable': 'Is the catalog up, and its address right? Run the same command again: it continues.',
  'catalog-unsupported': 'Nothing was written. Use a catalog that speaks as bcn does; the README lists the limits.',
  corrupt: 'Do not delete other backups of this table; look at them with bcn list and bcn verify NAME.',
  'retention-locked': 'Wait until the lock has run out.',
  interrupted: 'Run the same command again: it continues.',
};

/** Errors that the chosen service, credentials or place may have caused. */
const ABOUT_PLACES: readonly ErrorCode[] = [
  'storage-auth',
  'storage-unavailable',
  'catalog-unavailable',
  'catalog-unsupported',
  'bucket-not-found',
  'repository-not-found',
  'backup-not-found',
  'namespace-not-found',
  'table-not-found',
];

export function hintOf(error: BcnError): string {
  return error.hint ?? HINTS[error.code];
}

/** An error for people: what happened, the next step, the object where the message does not name it. No stack. */
export function errorText(error: BcnError, used: readonly string[]): string {
  const message = error.message.replace(/\.$/, '');
  const lines = [`bcn: ${error.code === 'unexpected' ? 'unexpected error: ' : ''}${message}`];
  if (error.object !== undefined && !error.message.includes(error.object)) lines.push(`  object: ${error.object}`);
  if (error.table !== undefined && !error.message.includes(error.table)) lines.push(`  table: ${error.table}`);
  const hint = hintOf(error);
  lines.push(`  hint: ${hint}`);
  // Adapters say it themselves where they know better which place failed.
  const unsaid = used.filter((line) => !hint.includes(line.slice(line.indexOf(': ') + 2)));
  if (ABOUT_PLACES.includes(error.code)) lines.push(...unsaid.map((line) => `  used: ${line}`));
  return lines.join('\n');
}

/** An error as an event's fields. */
export function errorFields(error: BcnError, used: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    code: error.code,
    exit: error.exit,
    message: error.message,
    hint: hintOf(error),
    retryable: error.retryable,
    table: error.table ?? null,
    object: error.object ?? null,
    used,
  };
}

/** The stack and what caused it, for BCN_DEBUG=1. */
export function debugText(error: BcnError): string {
  return inspect(error.code === 'unexpected' && error.cause instanceof Error ? error.cause : error, { depth: 4 });
}

/** Anything that was thrown as a BcnError. `signal`: an interruption explains whatever else went wrong because of it. */
export function toBcnError(thrown: unknown, signal: AbortSignal): BcnError {
  const known = thrown instanceof BcnError ? thrown : undefined;
  const fromSignal = signal.aborted && (known === undefined || INTERRUPTIBLE.includes(known.code));
  if (fromSignal && signal.reason instanceof BcnError) return signal.reason;
  if (known !== undefined) return known;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new BcnError('unexpected', message || 'no message', { cause: thrown });
}

const INTERRUPTIBLE: readonly ErrorCode[] = ['interrupted', 'storage-unavailable', 'catalog-unavailable', 'unexpected'];
