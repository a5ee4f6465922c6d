import { BcnError } from '../errors.js';

/** Two files of the table that a restore would write to one place. */
export function meeting(target: string, sources: readonly string[], hint: string): BcnError {
  return new BcnError('unsupported', `Two files of the table would both become ${target}: ${sources.join(' and ')}`, {
    object: target,
    hint,
  });
}
