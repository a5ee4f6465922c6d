import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Checksum } from '../port.js';

/** Sums the bytes of a download, to compare them with what the service says of the whole object. */
export interface WholeSum {
  update(bytes: Buffer): void;
  /** Whether the bytes so far are the whole object. */
  holds(): boolean;
}

/** Undefined where there is nothing to compare with: no checksum, one of parts, or of a kind that Node does not compute. */
export function wholeSum(sum: Checksum | undefined): WholeSum | undefined {
  if (sum?.kind !== 'full') return undefined;
  if (sum.alg === 'sha256') {
    const hash = createHash('sha256');
    return { update: (bytes) => void hash.update(bytes), holds: () => hash.digest('base64') === sum.value };
  }
  if (sum.alg !== 'crc32') return undefined;
  const expected = Buffer.from(sum.value, 'base64').readUInt32BE();
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    holds: () => value >>> 0 === expected,
  };
}
