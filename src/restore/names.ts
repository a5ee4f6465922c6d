import { randomBytes } from 'node:crypto';
import { BcnError, isCode } from '../errors.js';
import { MAX_KEY } from '../repository/keys.js';
import { Nesting } from '../spill/nesting.js';
import type { CallOptions, ResolvedObject } from '../storage/port.js';

/** A kind of name that not every store can hold, or list, and how such a name looks in small. */
interface Kind {
  readonly what: string;
  /** Keys that can only live as they are where the sample can. */
  readonly trial: readonly string[];
}

interface Sample extends Kind {
  /** URI of the object that was found. */
  readonly key: string;
}

const MAX_PLAIN_SEGMENT = 255;

/**
 * The odd names of a restored table, one sample of each kind. Stores differ in what they can hold (specs/05-stores.md), and find out, or are found out, only when the file is
 * written or looked for, terabytes later: so the kinds that a table has are tried in the target before anything is copied. An ordinary table costs no request.
 */
export class OddNames {
  readonly #samples = new Map<string, Sample>();
  readonly #nesting = new Nesting();
  #longest = MAX_PLAIN_SEGMENT;

  /** URI of a content file below the URI `root`; they come in byte order. */
  look(key: string, root: string): void {
    this.lookAt(key, root);
    const above = this.#nesting.above(key);
    if (above !== undefined) this.#keep(key, { what: `lies below another file, ${above}`, trial: ['n', 'n/x'] }, 'nested');
  }

  /** URI of any file. */
  lookAt(key: string, root: string): void {
    const name = key.slice(root.length);
    if (PLAIN.test(name)) return;
    const segments = name.split('/');
    if (segments.at(-1) === '') this.#keep(key, { what: 'ends in a slash', trial: ['s/'] });
    for (const [i, segment] of segments.entries()) {
      const bytes = Buffer.byteLength(segment);
      if (segment === '' && i < segments.length - 1) this.#keep(key, { what: 'has an empty segment', trial: ['e//x'] });
      if (segment === '.' || segment === '..') this.#keep(key, { what: `has a segment ${segment}`, trial: [`d/${segment}/x`] });
      if (bytes > this.#longest) {
        this.#longest = bytes;
        this.#samples.set('long', { what: `has a segment of ${bytes} bytes`, trial: [segment], key });
      }
      for (const [odd] of segment.matchAll(UNLISTED)) {
        const code = odd.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
        this.#keep(key, { what: `has the character U+${code}`, trial: [`c${odd}x`] });
      }
    }
  }

  /**
   * Writes small objects of these kinds below `folder`, looks whether exactly they are listed, and removes them. Throws `name-conflict` for the first kind that the store
   * cannot hold as it is.
   */
  async tryOut(folder: ResolvedObject, call: CallOptions): Promise<void> {
    for (const sample of this.#samples.values()) await tryOut(sample, folder, call);
  }

  #keep(key: string, kind: Kind, id = kind.what): void {
    if (!this.#samples.has(id)) this.#samples.set(id, { ...kind, key });
  }
}

/** Names of which nothing needs to be known: no empty or dot segment, nothing long, nothing unusual. */
const PLAIN = /^(?!.*(?:^|\/)\.{0,2}(?:\/|$))[\x20-\x7e]{1,255}$/;
/** Folders can stand for empty objects, and hold no bytes. */
const BYTES = Buffer.from('x');
/** Characters that XML cannot spell or does not keep. */
const UNLISTED = /[\p{Cc}\u2028\ufffe\uffff]/gu;

async function tryOut({ key, what, trial }: Sample, { store, key: folder }: ResolvedObject, call: CallOptions): Promise<void> {
  const object = key;
  const below = `${folder}${randomBytes(4).toString('hex')}/`;
  const keys = trial.map((name) => below + shorten(name, MAX_KEY - Buffer.byteLength(below)));
  const refused = (why: string, cause?: unknown) =>
    new BcnError('name-conflict', `The target cannot hold ${object}: its name ${what}, and ${why}`, {
      object,
      cause,
      hint: 'Nothing was copied. Restore to a store that holds such names (AWS S3 does; specs/05-stores.md lists others).',
    });
  try {
    for (const one of keys) await store.create(one, BYTES, call);
    const listed: string[] = [];
    for await (const page of store.list(below, call)) listed.push(...page.objects.map((found) => found.key));
    if (keys.some((one) => !listed.includes(one))) throw refused('the store does not list what has such a name');
  } catch (error) {
    throw isCode(error, 'name-conflict') && error.object !== object ? refused('the store refuses such a name', error) : error;
  } finally {
    await store.delete(keys.toReversed(), call).catch(() => undefined);
  }
}

/** Keeps the segment long, if not as long, where the key would be too long for any store. */
function shorten(name: string, bytes: number): string {
  let kept = name;
  while (Buffer.byteLength(kept) > bytes) kept = [...kept].slice(0, -1).join('');
  return kept;
}
