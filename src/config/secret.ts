import { inspect } from 'node:util';
import { COMPOSE } from './compose.js';
import type { Env } from './sourced.js';
import { VARIABLES } from './variables.js';

/** A value that shows itself to nobody by accident: not in templates, JSON, or `console.log`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Only for the call that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

const AWS_SECRETS = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_CONTAINER_AUTHORIZATION_TOKEN'];

/**
 * A function that blanks every secret of the environment in a text: the last line of defence, since messages of SDKs and servers pass through.
 * Very short values and the public compose password are left alone: blanking them would garble ordinary words.
 */
export function redactor(env: Env): (text: string) => string {
  const names = [...VARIABLES.filter((v) => v.secret).map((v) => v.name), ...AWS_SECRETS];
  const values = new Set(
    names.map((name) => env[name] ?? '').filter((value) => value.length >= 6 && value !== COMPOSE.secretKey),
  );
  // Longest first: a secret may contain another one. JSON spells some characters differently.
  const needles = [...values].flatMap((value) => [value, JSON.stringify(value).slice(1, -1)]).sort((a, b) => b.length - a.length);
  return (text) => needles.reduce((out, needle) => out.replaceAll(needle, '[secret]'), text);
}
