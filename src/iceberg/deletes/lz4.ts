import { unpackBlock } from '../puffin/lz4-block.js';
import { damaged } from './errors.js';

/**
 * Unpacks an LZ4 block that stands alone into `out` from `start`, up to `limit`; returns where it ends.
 *
 * @throws BcnError `corrupt`
 */
export function unpackLz4(packed: Buffer, out: Buffer, start: number, limit: number): number {
  try {
    return unpackBlock(packed, out, start, limit, start);
  } catch {
    // The error speaks of Puffin files, which have such blocks, too.
    throw damaged('an LZ4 block of it cannot be unpacked');
  }
}
