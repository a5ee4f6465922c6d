import type { Span } from './cursor.js';
import type { Splice } from './splice.js';
import { encodeContent, offsetOfUnit } from './text.js';

/** How to change one string token. */
interface Respelling {
  readonly splice: Splice;
  /** The replaced bytes, when `encodeContent` would not give them back; else undefined. */
  readonly lost: Buffer | undefined;
}

/**
 * Makes the token at `span`, which spells `from`, spell `to`. Only what stands before their common ending is replaced, so that
 * escapes in the rest of a path survive; the change back is exact when it is given what this one `lost`.
 *
 * @param spelling bytes to use for the new beginning, which spell it
 */
export function respell(
  bytes: Buffer,
  span: Span,
  from: string,
  to: string,
  spelling: (beginning: string) => Buffer | undefined,
): Respelling {
  const common = commonEnding(from, to);
  const old = from.slice(0, from.length - common);
  const beginning = to.slice(0, to.length - common);
  const start = span.start + 1;
  const end = offsetOfUnit(bytes, span, old.length);
  const replaced = bytes.subarray(start, end);
  return {
    splice: { start, end, text: spelling(beginning) ?? encodeContent(beginning) },
    lost: replaced.equals(encodeContent(old)) ? undefined : replaced,
  };
}

/** Length in UTF-16 units; never begins inside a surrogate pair. Both strings are well-formed. */
function commonEnding(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(a.length - 1 - length) === b.charCodeAt(b.length - 1 - length)) length++;
  const first = a.charCodeAt(a.length - length);
  return length > 0 && first >= 0xdc00 && first <= 0xdfff ? length - 1 : length;
}
