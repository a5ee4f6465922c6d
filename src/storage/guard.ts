import { setMaxListeners } from 'node:events';
import type { Readable } from 'node:stream';
import { BcnError } from '../errors.js';
import type { ByteRange } from './port.js';

/** The limit that S3 sets and every adapter keeps, in UTF-8 bytes. */
const MAX_KEY_BYTES = 1024;

/** Why no store can hold this key, or undefined: keys are 1 to 1,024 bytes of well-formed text. */
export function keyProblem(key: string): string | undefined {
  if (key === '') return 'it is empty';
  if (/\p{Surrogate}/u.test(key)) return 'it is not well-formed Unicode';
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_KEY_BYTES) return `it is ${bytes} bytes long, the limit is ${MAX_KEY_BYTES}`;
  return undefined;
}

/** The error of a write to a key that the store cannot hold. */
export function unwritableKey(object: string, problem: string): BcnError {
  return new BcnError('name-conflict', `Cannot write ${object}: this store cannot hold the key, ${problem}.`, {
    object,
    hint: 'Choose another key for this object.',
  });
}

/** The error of a read of an object that is not there. */
export function notFound(object: string, cause?: unknown): BcnError {
  return new BcnError('object-not-found', `${object} does not exist.`, {
    object,
    cause,
    hint: 'Check that it was not deleted or moved.',
  });
}

/** The error of `create` on a taken key. */
export function objectExists(object: string, cause?: unknown): BcnError {
  return new BcnError('object-exists', `${object} exists already and is never overwritten.`, {
    object,
    cause,
    hint: 'Read the existing object: it may be the result of an earlier attempt.',
  });
}

/** The error of a body that does not have the announced length. */
export function wrongLength(object: string, expected: number, found: string): BcnError {
  return new BcnError(
    'corrupt',
    `${object} should be ${expected} bytes long, but its source has ${found}. Nothing was written.`,
    {
      object,
      hint: 'The metadata and the file disagree: check the file in the source.',
    },
  );
}

/** The error of an object that ends before the bytes that were asked for: it should have at least `length`. */
export function tooShort(object: string, length: number, cause?: unknown): BcnError {
  return new BcnError('corrupt', `${object} has fewer bytes than ${length}.`, {
    object,
    cause,
    hint: 'What names these bytes and the object disagree: check whether it was cut off or replaced.',
  });
}

/** Throws `unexpected` for what is no range: a bug of the caller. */
export function checkRange(range: ByteRange | undefined, object: string): void {
  if (!range) return;
  const { start, end } = range;
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start < end) return;
  throw new BcnError('unexpected', `Bytes ${start} to ${end} of ${object} are no range.`, { object });
}

/** The error of an aborted signal; keeps a BcnError that the caller gave as the reason (it may carry exit 143). */
export function interrupted(signal: AbortSignal | undefined, object: string): BcnError {
  const reason: unknown = signal?.reason;
  if (reason instanceof BcnError) return reason.withContext({ object });
  return new BcnError('interrupted', `Interrupted at ${object}.`, {
    object,
    cause: reason,
    hint: 'Run the same command again; it continues where it stopped.',
  });
}

export function throwIfAborted(signal: AbortSignal | undefined, object: string): void {
  if (signal?.aborted) throw interrupted(signal, object);
}

/** All requests of a run listen on its one signal, and Node takes more than ten listeners for a leak and warns. */
export function allowListeners(signal: AbortSignal | undefined): void {
  if (signal) setMaxListeners(0, signal);
}

/** Destroys a body that is being read when the signal is aborted, since its source may stay silent for ever. Returns the undoing. */
export function stopOnAbort(body: Readable, signal: AbortSignal | undefined, object: string): () => void {
  const stop = () => body.destroy(interrupted(signal, object));
  // Nobody may be reading it yet: whoever does next gets the error, and until then it is no crash.
  body.on('error', () => {});
  allowListeners(signal);
  signal?.addEventListener('abort', stop, { once: true });
  return () => signal?.removeEventListener('abort', stop);
}
