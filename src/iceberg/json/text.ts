/** JSON string tokens (bytes with quotes, already checked by the cursor) and the strings they spell. */
import type { Span } from './cursor.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The string that the token at `span` spells, exactly: all escapes decoded, lone surrogates kept. */
export function decodeString(bytes: Buffer, span: Span): string {
  if (!hasEscape(bytes, span)) return bytes.toString('utf8', span.start + 1, span.end - 1);
  return JSON.parse(bytes.toString('utf8', span.start, span.end)) as string;
}

/** True when the token at `span` holds an escape. */
export function hasEscape(bytes: Buffer, span: Span): boolean {
  for (let at = span.start + 1; at < span.end - 1; at++) if (bytes[at] === BACKSLASH) return true;
  return false;
}

/** The content of a string token, without quotes, with no more escapes than JSON asks for. */
export function encodeContent(text: string): Buffer {
  return Buffer.from(JSON.stringify(text).slice(1, -1));
}

/** The token that spells `text`. */
export function encodeString(text: string): Buffer {
  return Buffer.from(JSON.stringify(text));
}

/**
 * Offset of the byte that spells UTF-16 unit number `units` of the token at `span` (its closing quote when there are no more).
 * `units` must not fall between the halves of a surrogate pair.
 */
export function offsetOfUnit(bytes: Buffer, span: Span, units: number): number {
  let at = span.start + 1;
  for (let left = units; left > 0 && bytes[at] !== QUOTE; ) {
    const byte = bytes[at] ?? 0;
    if (byte === BACKSLASH) at += bytes[at + 1] === 0x75 ? 6 : 2;
    else at += byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    left -= byte >= 0xf0 ? 2 : 1;
  }
  return at;
}
