import { damaged } from './errors.js';
import { type PuffinFooter, readFooter } from './footer.js';
import { HEAD_BYTES, locateFooter } from './locate.js';

/** Gives bytes [start, end) of a file. */
export type ReadRange = (start: number, end: number) => Promise<Buffer>;

/** What a file of deletion vectors or statistics holds besides its blobs. */
export type Puffin =
  | { readonly kind: 'puffin'; readonly size: number; readonly footer: PuffinFooter }
  /** Deletion vectors without a container: no path is in it. */
  | { readonly kind: 'raw'; readonly size: number };

/** Read at once from the end of a file: the footer of some 150 deletion vectors. */
const TAIL_BYTES = 64 * 1024;

/**
 * Reads the footer of a Puffin file, from its ends alone: a file of up to 64 KiB in one piece, else its first bytes and its last
 * 64 KiB, and all of a footer that is larger than that.
 *
 * @param name what errors call the file
 * @param size of the file in bytes
 * @throws BcnError `corrupt`, `unsupported` (see `locateFooter`, `readFooter`), or what `read` throws
 */
export async function readPuffin(name: string, size: number, read: ReadRange): Promise<Puffin> {
  const range = async (start: number, end: number) => {
    const bytes = start === end ? Buffer.alloc(0) : await read(start, end);
    if (bytes.length !== end - start)
      throw damaged(`it has ${bytes.length} bytes from ${start} to ${end}; it should have ${size} in all`).withContext({
        object: name,
      });
    return bytes;
  };
  const tailStart = Math.max(0, size - TAIL_BYTES);
  const [head, tail] =
    tailStart === 0
      ? await range(0, size).then((all) => [all, all] as const)
      : await Promise.all([range(0, HEAD_BYTES), range(tailStart, size)]);
  const start = locateFooter(name, size, head, tail);
  if (start === undefined) return { kind: 'raw', size };
  const bytes = start >= tailStart ? tail.subarray(start - tailStart) : await range(start, size);
  return { kind: 'puffin', size, footer: readFooter(name, start, bytes) };
}
