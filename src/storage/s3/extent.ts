import type { ByteRange } from '../port.js';

/** Bytes [start, end) of an object of `total` bytes. */
export interface Extent extends ByteRange {
  readonly total: number;
}

/** What answers say of their bytes. */
interface Described {
  readonly ContentRange?: string | undefined;
  readonly ContentLength?: number | undefined;
}

/** The header that asks for a range; HTTP counts the last byte in. */
export function rangeHeader({ start, end }: ByteRange): string {
  return `bytes=${start}-${end - 1}`;
}

/**
 * What the answer to a range holds, or to a request for the whole object. Undefined for another range than the one asked for (over the end:
 * up to the end), and for a whole object of unknown length.
 */
export function extentOf(answer: Described, range: ByteRange | undefined): Extent | undefined {
  const total = range ? Number(/\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1]) : answer.ContentLength;
  if (total === undefined || Number.isNaN(total)) return undefined;
  const extent = { start: range?.start ?? 0, end: Math.min(range?.end ?? total, total), total };
  return !range || holds(answer, extent) ? extent : undefined;
}

/** Whether an answer is exactly this part of the object. */
export function holds({ ContentRange }: Described, { start, end, total }: Extent): boolean {
  return ContentRange === `bytes ${start}-${end - 1}/${total}`;
}
