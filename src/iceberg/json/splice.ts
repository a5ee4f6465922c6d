/** Replaces the bytes [start, end) by `text`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: Buffer;
}

/**
 * A copy of `bytes` with every splice applied; the bytes between them are copied untouched.
 *
 * @throws RangeError when splices are unsorted, overlap or leave the buffer: a bug of the caller.
 */
export function splice(bytes: Buffer, splices: readonly Splice[]): Buffer {
  let length = bytes.length;
  let last = 0;
  for (const { start, end, text } of splices) {
    if (start < last || end < start || end > bytes.length) {
      throw new RangeError(`splice [${start}, ${end}) after ${last} in ${bytes.length} bytes`);
    }
    length += text.length - (end - start);
    last = end;
  }
  const result = Buffer.allocUnsafe(length);
  let from = 0;
  let to = 0;
  for (const { start, end, text } of splices) {
    to += bytes.copy(result, to, from, start);
    to += text.copy(result, to);
    from = end;
  }
  bytes.copy(result, to, from);
  return result;
}
