import { BcnError } from '../errors.js';
import type { Sourced } from './sourced.js';

/** The value as a whole number within the limits. Throws `usage` naming where it came from. */
export function wholeNumber(given: Sourced<string>, min: number, max: number): number {
  // Digits only: Number() would take '1e2', ' 5' and '0x10', which nobody means.
  const value = /^\d{1,15}$/.test(given.value) ? Number(given.value) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new BcnError('usage', `${given.origin} must be a whole number from ${min} to ${max}, not "${given.value}"`);
}

/** true/1/yes or false/0/no. */
export function trueOrFalse(given: Sourced<string>): boolean {
  const value = given.value.toLowerCase();
  if (['true', '1', 'yes'].includes(value)) return true;
  if (['false', '0', 'no'].includes(value)) return false;
  throw new BcnError('config', `${given.origin} must be true or false, not "${given.value}"`);
}
