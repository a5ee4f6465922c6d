import { BcnError } from '../errors.js';

/** The environment, as a value. */
export type Env = Readonly<Record<string, string | undefined>>;

/** A value that knows where it came from: a flag, a variable, or a default. */
export interface Sourced<T> {
  readonly value: T;
  /** `--jobs`, `S3_ENDPOINT`, `default`. Part of error messages. */
  readonly origin: string;
}

export function sourced<T>(value: T, origin: string): Sourced<T> {
  return { value, origin };
}

/** The variable's value; an empty one counts as unset, since compose files and CI set empty ones. */
export function fromEnv(env: Env, name: string): Sourced<string> | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : { value, origin: name };
}

/** The first of several variables that is set. */
export function firstOfEnv(env: Env, ...names: readonly string[]): Sourced<string> | undefined {
  for (const name of names) {
    const found = fromEnv(env, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A flag's value; an empty one is an error, since it is what an unset shell variable leaves behind. */
export function fromFlag(value: string | undefined, flag: string): Sourced<string> | undefined {
  if (value === undefined) return undefined;
  if (value === '') throw new BcnError('usage', `${flag} is empty`, { hint: 'A shell variable in it may be unset.' });
  return { value, origin: flag };
}

/** A value for a message; one that may hold a password (`user:password@host`) stays out of it. */
export function quoted(value: string): string {
  return value.includes('@') ? '(not shown, since it may hold a password)' : JSON.stringify(value);
}
