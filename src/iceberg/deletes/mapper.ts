import { isUtf8 } from 'node:buffer';
import { BcnError } from '../../errors.js';
import { damaged } from './errors.js';
import type { MappedPath } from './rows.js';

/** No store has longer names; a longer one would make decoders of shared beginnings slow. */
export const MAX_PATH = 64 * 1024;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Maps paths as bytes, and remembers the last one: rows of one file lie together. */
export class Mapper {
  readonly #path: (dataFile: string) => string;
  #bytes: Buffer | undefined;
  #mapped: MappedPath | undefined;

  constructor(path: (dataFile: string) => string) {
    this.#path = path;
  }

  /**
   * @throws BcnError `corrupt` when the bytes are not UTF-8 or empty, `usage` when the new path cannot be written, what the map throws
   */
  map(bytes: Buffer): MappedPath {
    if (this.#mapped !== undefined && this.#bytes?.equals(bytes)) return this.#mapped;
    if (bytes.length === 0) throw damaged('a row of it has an empty path');
    if (bytes.length > MAX_PATH) throw damaged(`a row of it has a path of ${bytes.length} bytes`);
    if (!isUtf8(bytes)) throw damaged('a row of it has a path that is not UTF-8');
    const from = bytes.toString('utf8');
    const to = this.#path(from);
    if (to === '' || LONE_SURROGATE.test(to))
      throw new BcnError('usage', `A path of a position-delete file cannot become ${JSON.stringify(to)}: ${from}`);
    this.#bytes = Buffer.from(bytes);
    this.#mapped = { from, to };
    return this.#mapped;
  }
}
