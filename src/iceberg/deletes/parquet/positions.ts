import { cannotHandle, damaged } from '../errors.js';
import type { Int64s } from '../rows.js';
import type { PageDecoder } from './column.js';
import { TYPE } from './columns.js';
import { DeltaReader } from './delta.js';
import { HybridReader } from './hybrid.js';
import { type DataPage, ENCODING } from './pages.js';
import { indexWidth } from './paths.js';

/** Where decoded positions go, one behind the other. */
export class Positions {
  readonly #out: Int64s;
  #at: number;

  constructor(out: Int64s, from: number) {
    this.#out = out;
    this.#at = from;
  }

  number(value: number): void {
    this.#out.setNumber(this.#at++, value);
  }

  bigint(value: bigint): void {
    this.#out.values[this.#at++] = value;
  }

  /** `count` integers of 8 bytes, little end first. */
  bytes(data: Buffer, start: number, count: number): void {
    data.copy(this.#out.bytes, this.#at * 8, start, start + count * 8);
    this.#at += count;
  }
}

type Decoder = PageDecoder<Positions>;

/** A decoder for the positions of one page, of a column of this physical type. */
export function decodePositions(page: DataPage, type: number): Decoder {
  const wide = type === TYPE.int64;
  switch (page.encoding) {
    case ENCODING.plain:
      return new FixedPositions(page.data, page.values, wide);
    case ENCODING.plainDictionary:
    case ENCODING.dictionary:
      return new DictionaryPositions(page, wide);
    case ENCODING.delta: {
      const reader = new DeltaReader(page.data, 0, wide ? 64 : 32);
      return { read: (count, out) => reader.read(count, out), skip: (count) => reader.read(count, undefined) };
    }
    case ENCODING.split:
      return new FixedPositions(joined(page, wide ? 8 : 4), page.values, wide);
    default:
      throw cannotHandle(`positions in encoding ${page.encoding}`);
  }
}

class FixedPositions implements Decoder {
  readonly #data: Buffer;
  readonly #wide: boolean;
  #at = 0;

  constructor(data: Buffer, values: number, wide: boolean) {
    if (values * (wide ? 8 : 4) > data.length) throw damaged('a page of positions ends too early');
    this.#data = data;
    this.#wide = wide;
  }

  read(count: number, out: Positions): void {
    if (this.#wide) out.bytes(this.#data, this.#at * 8, count);
    else for (let i = 0; i < count; i++) out.number(this.#data.readInt32LE((this.#at + i) * 4));
    this.#at += count;
  }

  skip(count: number): void {
    this.#at += count;
  }
}

class DictionaryPositions implements Decoder {
  readonly #indexes: HybridReader;
  readonly #data: Buffer;
  readonly #values: number;
  readonly #wide: boolean;

  constructor({ data, dictionary }: DataPage, wide: boolean) {
    if (dictionary === undefined) throw damaged('a page of it needs a dictionary that is not there');
    if (dictionary.values * (wide ? 8 : 4) > dictionary.data.length) throw damaged('its dictionary has more values than bytes');
    this.#indexes = new HybridReader(data.subarray(1), indexWidth(data));
    this.#data = dictionary.data;
    this.#values = dictionary.values;
    this.#wide = wide;
  }

  read(count: number, out: Positions): void {
    this.#indexes.read(count, (index, rows) => {
      if (index >= this.#values) throw damaged(`a row names position ${index} of ${this.#values} in its dictionary`);
      for (let i = 0; i < rows; i++)
        if (this.#wide) out.bytes(this.#data, index * 8, 1);
        else out.number(this.#data.readInt32LE(index * 4));
    });
  }

  skip(count: number): void {
    this.#indexes.read(count, () => {});
  }
}

/** BYTE_STREAM_SPLIT: the first bytes of all values, then the second ones, and so on. */
function joined({ data, values }: DataPage, width: number): Buffer {
  if (values * width > data.length) throw damaged('a page of positions ends too early');
  const out = Buffer.allocUnsafe(values * width);
  for (let byte = 0; byte < width; byte++)
    for (let i = 0; i < values; i++) out[i * width + byte] = data[byte * values + i] as number;
  return out;
}
