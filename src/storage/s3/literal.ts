import { randomBytes } from 'node:crypto';
import type { S3Connection } from './client.js';
import { failureOf, isImpossibleKey } from './failure.js';
import { listObjects } from './list.js';
import { deleteObjects } from './remove.js';
import { putObject } from './upload.js';
import { fitsXml } from './xml.js';

const MAX_KEY_BYTES = 1024;

/**
 * Whether a service takes odd keys as they are. S3 does; services that keep objects in folders take `a//b` and `a/./b` for `a/b`, and may leave a key out of listings that
 * XML cannot spell. Such a key would silently be another one, perhaps somebody's, so each form of oddness is tried once, beside the first key that has it, before anything is written there.
 */
export class LiteralKeys {
  readonly #connection: S3Connection;
  readonly #bucket: string;
  readonly #tried = new Map<string, Promise<string | undefined>>();

  constructor(connection: S3Connection, bucket: string) {
    this.#connection = connection;
    this.#bucket = bucket;
  }

  /** Why the service cannot hold this key as it is, or undefined. Asks the service at most once for each form. */
  async problem(key: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    const forms = oddForms(key);
    if (forms.length === 0) return undefined;
    if (forms.includes(NUL)) return `it holds ${NUL}`;
    const id = forms.join();
    const known = this.#tried.get(id) ?? this.#try(key, forms, signal);
    this.#tried.set(id, known);
    // A trial that could not be made says nothing.
    known.catch(() => this.#tried.delete(id));
    return known;
  }

  /** Those of the keys that may be deleted: one that the service takes for another key is not there, and deleting it would delete the other. */
  async deletable(keys: readonly string[], signal: AbortSignal | undefined): Promise<readonly string[]> {
    const found: string[] = [];
    for (const key of keys) {
      if (key.includes('\0')) continue;
      if (!mayMeanAnother(key) || (await this.#isItself(key, signal))) found.push(key);
    }
    return found;
  }

  async #try(key: string, forms: readonly string[], signal: AbortSignal | undefined): Promise<string | undefined> {
    const trial = trialKey(key, forms);
    if (trial === undefined)
      return `it has ${forms.join(' and ')}, and is too long for bcn to try whether the service can hold that`;
    try {
      await putObject(this.#connection, { bucket: this.#bucket, key: trial, signal }, Buffer.alloc(0));
    } catch (error) {
      const { code, status } = failureOf(error);
      if (isImpossibleKey(code) || status === 400) return `it has ${forms.join(' and ')}, and the service says ${code || status}`;
      throw error;
    }
    const literal = await this.#isListed(trial, signal);
    // Wherever the service has put it, it is ours. Who may not delete leaves an empty object behind.
    await deleteObjects(this.#connection, this.#bucket, [trial], signal).catch(() => undefined);
    return literal ? undefined : `it has ${forms.join(' and ')}, and the service takes it for another key or does not list it`;
  }

  async #isItself(key: string, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      return (await this.problem(key, signal)) === undefined;
    } catch {
      // Who may delete may perhaps not write; then each key is looked for.
      return this.#isListed(key, signal);
    }
  }

  async #isListed(key: string, signal: AbortSignal | undefined): Promise<boolean> {
    for await (const { objects } of listObjects(this.#connection, this.#bucket, key, signal ? { signal } : {})) {
      if (objects.length > 0) return objects[0]?.key === key;
    }
    return false;
  }
}

const NUL = 'a NUL character';

export const isOdd = (key: string): boolean => oddForms(key).length > 0;

/** What is odd about a key; a '/' at its end is not. */
function oddForms(key: string): readonly string[] {
  const forms: string[] = [];
  if (key.startsWith('/')) forms.push('a slash at its beginning');
  if (key.includes('//')) forms.push('an empty segment');
  if (/(^|\/)\.\.?(\/|$)/.test(key)) forms.push('a segment . or ..');
  if (key.includes('\0')) forms.push(NUL);
  else if (!fitsXml(key)) forms.push(...oddCharacters(key));
  return forms;
}

/** `the character U+0001`, each once: a service may list one of them and not the other. */
function oddCharacters(key: string): readonly string[] {
  const odd = [...new Set([...key].filter((character) => !fitsXml(character)))].sort();
  return odd.map((character) => `the character U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`);
}

function mayMeanAnother(key: string): boolean {
  return /^\/|\/\/|(^|\/)\.\.?(\/|$)/.test(key);
}

/** A free name that is odd in just the same ways, beside the key, or nearer to the root when that would be too long. */
function trialKey(key: string, forms: readonly string[]): string | undefined {
  const segments = key.split('/');
  const last = segments.at(-1) as string;
  const odd = [...last].filter((character) => !fitsXml(character)).join('');
  const name = `.bcn-try-${randomBytes(4).toString('hex')}${odd}`;
  const isDots = last === '.' || last === '..';
  const folders = segments.map((_, i) =>
    segments
      .slice(0, i)
      .map((segment) => `${segment}/`)
      .join(''),
  );
  const candidates = [isDots ? `${key}/` : (folders.at(-1) as string), ...folders].map((folder) => folder + name);
  return candidates.find((trial) => Buffer.byteLength(trial) <= MAX_KEY_BYTES && oddForms(trial).join() === forms.join());
}
