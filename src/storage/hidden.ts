import { BcnError } from '../errors.js';

const HINT =
  'Its bucket keeps versions: remove the delete marker that hides it (aws s3api delete-object --version-id ID of the marker), and it is there again.';

/** The error of a read of an object that a delete marker hides: it is not there, and not lost. */
export function hiddenObject(object: string, cause: unknown): BcnError {
  return new BcnError('object-not-found', `${object} does not exist: a delete marker hides it.`, { object, cause, hint: HINT });
}

/** The next step where an object is missing only because a delete marker hides it. */
export function hiddenHint(error: unknown): string | undefined {
  return error instanceof BcnError && error.hint === HINT ? HINT : undefined;
}
