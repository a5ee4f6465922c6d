/**
 * The one error type of bcn.
 *
 * Policy: throw a `BcnError` where the cause is known; attach context with `withContext`, never wrap one
 * BcnError in another. A code says what happened, the exit code what a script should do about it
 * (specs/01-product.md, "Exit codes"). Anything else that reaches the CLI is a bug: code `unexpected`, exit 1.
 */

/** Every error code and the exit code it ends the process with. */
export const ERROR_EXIT = {
  unexpected: 1,
  usage: 2,
  config: 2,
  partial: 3,
  'check-failed': 4,
  'repository-not-found': 10,
  busy: 11,
  'repository-too-new': 13,
  'table-not-found': 20,
  'namespace-not-found': 20,
  'backup-not-found': 20,
  'bucket-not-found': 20,
  'object-not-found': 20,
  'source-changed': 21,
  unsupported: 22,
  'object-archived': 22,
  'backup-exists': 23,
  'table-exists': 23,
  'target-not-empty': 23,
  'object-exists': 23,
  'name-conflict': 23,
  'commit-conflict': 24,
  'commit-unknown': 24,
  'storage-auth': 30,
  'storage-unavailable': 31,
  'catalog-unavailable': 31,
  'catalog-unsupported': 22,
  corrupt: 32,
  'retention-locked': 33,
  interrupted: 130,
} as const;

export type ErrorCode = keyof typeof ERROR_EXIT;

/** What an error is about, for people (`hint`) and for programs (`table`, `object`). */
export interface ErrorContext {
  /** The next step, as a sentence or a command. */
  readonly hint?: string;
  /** `database.table` */
  readonly table?: string;
  /** URI of the object. */
  readonly object?: string;
  /** The same call may succeed later, unchanged. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** Only for `interrupted`: 143 after SIGTERM. */
  readonly exit?: number;
}

export class BcnError extends Error {
  override readonly name = 'BcnError';
  readonly code: ErrorCode;
  readonly exit: number;
  readonly hint: string | undefined;
  readonly table: string | undefined;
  readonly object: string | undefined;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.exit = context.exit ?? ERROR_EXIT[code];
    this.hint = context.hint;
    this.table = context.table;
    this.object = context.object;
    this.retryable =
      context.retryable ?? (code === 'storage-unavailable' || code === 'catalog-unavailable' || code === 'source-changed');
  }

  /** The same error with context filled in where it has none. */
  withContext(context: ErrorContext): BcnError {
    return new BcnError(this.code, this.message, {
      hint: this.hint ?? context.hint,
      table: this.table ?? context.table,
      object: this.object ?? context.object,
      retryable: this.retryable,
      cause: this.cause,
      exit: this.exit,
    });
  }
}

/** True when `error` is a BcnError with one of these codes. */
export function isCode(error: unknown, ...codes: readonly ErrorCode[]): error is BcnError {
  return error instanceof BcnError && codes.includes(error.code);
}
