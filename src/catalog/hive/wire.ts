/**
 * Thrift's strict binary protocol: types, limits, and the one place that judges bytes from a metastore.
 *
 * Why our own codec and not npm `thrift`: an unframed reply carries no length, so its end is found only by walking it. The package
 * pulls bytes from its transport and cannot stop in the middle of a value, so each arriving chunk would restart the walk (quadratic:
 * 17 s for 8 MB) or wait for the socket to pause. A walk that can be resumed is half a codec; what would be left for the package is
 * reading integers out of a buffer, untyped, with 64-bit numbers to work around and 25 to 55 ms to load. `thrift` is the oracle of
 * test/catalog/hive/oracle.test.ts instead: whatever it writes we read, and the reverse.
 */

/** Thrift's type ids on the wire. */
export const T = {
  BOOL: 2,
  BYTE: 3,
  DOUBLE: 4,
  I16: 6,
  I32: 8,
  I64: 10,
  STRING: 11,
  STRUCT: 12,
  MAP: 13,
  SET: 14,
  LIST: 15,
} as const;

/** What a reply may hold. bytes: thrift's own default; values: a bound on memory, since a byte of input can cost 100 decoded. */
export const LIMITS = { bytes: 100 * 1024 * 1024, depth: 64, values: 5_000_000 } as const;

/** Sizes of values that have only one. */
const FIXED: Readonly<Record<number, number>> = { [T.BOOL]: 1, [T.BYTE]: 1, [T.DOUBLE]: 8, [T.I16]: 2, [T.I32]: 4, [T.I64]: 8 };
/** Least bytes of a value of the other types: a string's length, a struct's stop, a container's header. */
const LEAST: Readonly<Record<number, number>> = { [T.STRING]: 4, [T.STRUCT]: 1, [T.MAP]: 6, [T.SET]: 5, [T.LIST]: 5 };

/** The bytes are not what the protocol allows. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** An open struct (`types` undefined) or a container with `left` values to come, whose types take turns. */
interface Open {
  readonly types: readonly number[] | undefined;
  left: number;
  turn: number;
}

/**
 * Walks one struct as its bytes arrive, each byte once, allocating nothing in proportion to what the input claims. A length is judged when it
 * is announced: what cannot fit below the limits is refused before a byte of it is awaited.
 */
export class StructScanner {
  /** Where the walk stands; after `advance` answered true, the end of the struct. */
  position: number;
  readonly #maxBytes: number;
  readonly #open: Open[] = [{ types: undefined, left: 0, turn: 0 }];
  #skip = 0;
  #pending: number | undefined;
  #values = 0;

  constructor(start = 0, maxBytes: number = LIMITS.bytes) {
    this.position = start;
    this.#maxBytes = maxBytes;
  }

  /** `bytes` holds everything from the start, `length` bytes of it valid. True when the struct is complete. Throws ProtocolError. */
  advance(bytes: Buffer, length: number): boolean {
    for (;;) {
      const step = Math.min(this.#skip, length - this.position);
      this.position += step;
      this.#skip -= step;
      if (this.#skip > 0) return false;
      const top = this.#open.at(-1);
      if (top === undefined) return true;
      this.#pending ??= this.#next(top, bytes, length);
      if (this.#pending === undefined) {
        if (this.#open.at(-1) === top) return false;
      } else if (this.#begin(this.#pending, bytes, length)) {
        this.#pending = undefined;
      } else {
        return false;
      }
    }
  }

  /** The type of the next value of `top`; undefined when `top` was closed, or when bytes are missing. */
  #next(top: Open, bytes: Buffer, length: number): number | undefined {
    if (top.types !== undefined) {
      const type = top.left > 0 ? top.types[top.turn] : undefined;
      if (type === undefined) this.#open.pop();
      else top.left -= 1;
      top.turn = (top.turn + 1) % top.types.length;
      return type;
    }
    if (this.position >= length) return undefined;
    const type = bytes.readInt8(this.position);
    if (type === 0) {
      this.position += 1;
      this.#open.pop();
      return undefined;
    }
    leastSize(type);
    if (this.position + 3 > length) return undefined;
    this.position += 3;
    return type;
  }

  /** Enters or schedules the skipping of one value; false when its header is not all there. */
  #begin(type: number, bytes: Buffer, length: number): boolean {
    const header = FIXED[type] === undefined && type !== T.STRUCT ? leastSize(type) : 0;
    if (this.position + header > length) return false;
    const at = this.position;
    this.position += header;
    this.#count(1);
    if (type === T.STRUCT) this.#push({ types: undefined, left: 0, turn: 0 });
    else if (type === T.STRING) this.#skip = this.#fits(bytes.readInt32BE(at), 1, 'string');
    else if (type === T.MAP) this.#container([bytes.readInt8(at), bytes.readInt8(at + 1)], bytes.readInt32BE(at + 2));
    else if (type === T.LIST || type === T.SET) this.#container([bytes.readInt8(at)], bytes.readInt32BE(at + 1));
    else this.#skip = this.#fits(1, leastSize(type), 'value');
    return true;
  }

  #container(types: readonly number[], count: number): void {
    if (count === 0) return;
    const size = types.reduce((sum, type) => sum + leastSize(type), 0);
    this.#fits(count, size, 'container');
    if (types.every((type) => FIXED[type] !== undefined)) {
      this.#count(count * types.length);
      this.#skip = count * size;
    } else {
      this.#push({ types, left: count * types.length, turn: 0 });
    }
  }

  #fits(count: number, size: number, what: string): number {
    if (count < 0) throw new ProtocolError(`a ${what} announces ${count} as its size`);
    if (count * size > this.#maxBytes - this.position) {
      throw new ProtocolError(
        `a ${what} announces ${count} as its size, more than the ${this.#maxBytes} bytes that are accepted`,
      );
    }
    return count * size;
  }

  #push(open: Open): void {
    if (this.#open.length >= LIMITS.depth) throw new ProtocolError(`values are nested deeper than ${LIMITS.depth}`);
    this.#open.push(open);
  }

  #count(values: number): void {
    this.#values += values;
    if (this.#values > LIMITS.values) throw new ProtocolError(`more than ${LIMITS.values} values`);
    if (this.position > this.#maxBytes) throw new ProtocolError(`longer than the ${this.#maxBytes} bytes that are accepted`);
  }
}

/** Bytes that a value of `type` takes at least; throws for a type that does not exist. */
function leastSize(type: number): number {
  const size = FIXED[type] ?? LEAST[type];
  if (size === undefined) throw new ProtocolError(`unknown type ${type}`);
  return size;
}
