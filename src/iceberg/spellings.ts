/**
 * How the beginnings of rewritten paths were spelt, where it was not bcn's way (`s3:\/\/b`, `caf\u00e9`).
 *
 * JSON has many spellings of one string. When paths are made abstract, the bytes of their beginnings are lost; a record of the odd
 * ones, put into the document as its first member, lets the way back give every byte again (law 5). It exists only in abstract
 * documents that need it, names a path by its field and occurrence, and goes away when the document is made concrete. A member of
 * that name in a source is an unknown field like any other: `{"bcn-spelling":{"location#0":"s3:\/\/b\/t"},`
 */
import type { JsonCursor, Span } from './json/cursor.js';
import { decodeString } from './json/text.js';

const OPENING = '"bcn-spelling":{';

/** Collects spellings during a rewrite and counts the occurrences that name them. */
export class SpellingRecord {
  readonly #counts = new Map<string, number>();
  readonly #members: string[] = [];

  /** Names the next path of a field. */
  next(field: string): string {
    const count = this.#counts.get(field) ?? 0;
    this.#counts.set(field, count + 1);
    return `${field}#${count}`;
  }

  /** @param content of a string token, without quotes */
  add(occurrence: string, content: Buffer): void {
    this.#members.push(`${JSON.stringify(occurrence)}:"${content.toString('utf8')}"`);
  }

  /** The member with its comma, or '' when nothing is recorded. `always`: the source has such a member itself, which must stay. */
  text(always = false): string {
    return this.#members.length === 0 && !always ? '' : `${OPENING}${this.#members.join(',')}},`;
  }
}

interface Spellings {
  /** Offset after the record and its comma; where there is none, of the first byte inside the document. */
  readonly end: number;
  /** The recorded content of a token, when it spells `beginning`. */
  find(occurrence: string, beginning: string): Buffer | undefined;
}

/** Reads the record of the document that `cursor` stands before, whose next byte is its `{`. */
export function readSpellings(cursor: JsonCursor): Spellings {
  const { bytes } = cursor;
  const start = cursor.at + 1;
  const none: Spellings = { end: start, find: () => undefined };
  if (bytes.toString('latin1', start, start + OPENING.length) !== OPENING) return none;
  const members = new Map<string, Span>();
  const record = cursor.fork({ start: start + OPENING.length - 1, end: bytes.length });
  let plain = true;
  const span = record.object((key) => {
    plain &&= record.kind() === 'string';
    members.set(decodeString(bytes, key), record.skip());
  });
  if (!plain || bytes[span.end] !== 0x2c) return none;
  return {
    end: span.end + 1,
    find(occurrence, beginning) {
      const token = members.get(occurrence);
      if (token === undefined || decodeString(bytes, token) !== beginning) return undefined;
      return bytes.subarray(token.start + 1, token.end - 1);
    },
  };
}
