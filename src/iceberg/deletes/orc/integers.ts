import { damaged } from '../errors.js';
import { Int64s } from '../rows.js';
import type { OrcStream } from './chunks.js';

/** Values of a run at most. */
const MOST = 512;
/** Bytes of a run at most: 512 patched values of 64 bits, 31 patches. */
const MOST_BYTES = 8 * 1024;
const MASK = (1n << 64n) - 1n;

/** Decodes the next run of `stream` into `out` and returns how many values it has. */
export type RunDecoder = (stream: OrcStream, out: Int64s, signed: boolean) => number;

/** Integers of a stream, front to back, exact in all 64 bits. */
export class OrcIntegers {
  readonly #stream: OrcStream;
  readonly #decode: RunDecoder;
  readonly #signed: boolean;
  readonly #run = new Int64s(MOST);
  #at = 0;
  #length = 0;

  constructor(stream: OrcStream, decode: RunDecoder, signed: boolean) {
    this.#stream = stream;
    this.#decode = decode;
    this.#signed = signed;
  }

  /** Reads the next values into `out` at `[from, from + count)`; `out` undefined: passes over them. */
  async read(out: Int64s | undefined, from: number, count: number): Promise<void> {
    for (let done = 0; done < count; ) {
      if (this.#at === this.#length) {
        if ((await this.#stream.ensure(MOST_BYTES)) === 0) throw damaged('a stream of it has fewer values than rows');
        this.#length = this.#decode(this.#stream, this.#run, this.#signed);
        this.#at = 0;
        continue;
      }
      const some = Math.min(count - done, this.#length - this.#at);
      out?.copy(this.#run, this.#at, some, from + done);
      this.#at += some;
      done += some;
    }
  }
}

/** A number of up to ten bytes, seven bits each. */
export function readBase128(stream: OrcStream): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = stream.byte();
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value & MASK;
  }
  throw damaged('a stream of it has a number of more than 10 bytes');
}

export function zigZag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n);
}

/** ORC specification v1, "Integer Run Length Encoding, version 1". */
export const decodeRun1: RunDecoder = (stream, out, signed) => {
  const read = () => (signed ? zigZag(readBase128(stream)) : readBase128(stream));
  const control = stream.byte();
  if (control < 0x80) {
    const delta = BigInt((stream.byte() << 24) >> 24);
    let value = read();
    for (let i = 0; i < control + 3; i++, value += delta) out.values[i] = value;
    return control + 3;
  }
  const literals = 0x100 - control;
  for (let i = 0; i < literals; i++) out.values[i] = read();
  return literals;
};
