import { crc32 } from 'node:zlib';
import { cannotHandle, damaged } from '../errors.js';
import { type Source, Window } from '../source.js';
import { pageCodec, unpackPage } from './codec.js';
import type { ColumnChunk } from './footer.js';
import { HybridReader } from './hybrid.js';
import { EndOfBytes, ThriftReader } from './thrift.js';

/** Encodings (parquet.thrift, `Encoding`). */
export const ENCODING = {
  plain: 0,
  plainDictionary: 2,
  rle: 3,
  delta: 5,
  deltaLength: 6,
  deltaBytes: 7,
  dictionary: 8,
  split: 9,
} as const;

/** A data page of a column without nulls. */
export interface DataPage {
  readonly values: number;
  readonly encoding: number;
  /** The encoded values, unpacked. */
  readonly data: Buffer;
  /** The dictionary of the column chunk, PLAIN, unpacked. */
  readonly dictionary: Dictionary | undefined;
}

export interface Dictionary {
  readonly values: number;
  readonly data: Buffer;
}

interface PageHeader {
  readonly type: number;
  readonly unpacked: number;
  readonly packed: number;
  readonly crc: number | undefined;
  readonly values: number;
  readonly encoding: number;
  /** Of version 1. */
  readonly levelEncoding: number;
  readonly nulls: number;
  /** Bytes of levels in front of a page of version 2. */
  readonly definitionBytes: number;
  readonly repetitionBytes: number;
  readonly isPacked: boolean;
}

const PAGE = { data: 0, index: 1, dictionary: 2, data2: 3 } as const;
/** Headers with statistics of long paths are a few KB. */
const HEADER_BYTES = 16 * 1024;
const MAX_HEADER = 16 * 1024 * 1024;

/** The data pages of one column chunk, front to back. */
export class PageReader {
  readonly #window: Window;
  readonly #codec: ReturnType<typeof pageCodec>;
  readonly #optional: boolean;
  #dictionary: Dictionary | undefined;
  #left: number;

  constructor(source: Source, chunk: ColumnChunk, optional: boolean) {
    this.#window = new Window(source, chunk.start, chunk.end);
    this.#codec = pageCodec(chunk.codec);
    this.#optional = optional;
    this.#left = chunk.values;
  }

  /** The next page, unless it has `skip` values or fewer: then it is passed over and their number returned. */
  async next(skip: number): Promise<DataPage | number> {
    for (;;) {
      const header = await this.#header();
      if (header.type === PAGE.index) {
        this.#window.skip(header.packed);
        continue;
      }
      if (header.type === PAGE.dictionary) {
        if (this.#dictionary !== undefined) throw damaged('a column of it has two dictionaries');
        this.#dictionary = { values: header.values, data: await this.#unpacked(header) };
        continue;
      }
      if (header.type !== PAGE.data && header.type !== PAGE.data2) throw damaged(`a page of the unknown type ${header.type}`);
      if (header.values > this.#left) throw damaged('a column of it has more values than its footer says');
      this.#left -= header.values;
      if (header.values <= skip) {
        this.#window.skip(header.packed);
        return header.values;
      }
      const data = await (header.type === PAGE.data ? this.#first(header) : this.#second(header));
      return { values: header.values, encoding: header.encoding, data, dictionary: this.#dictionary };
    }
  }

  async #header(): Promise<PageHeader> {
    for (let need = HEADER_BYTES; ; need *= 8) {
      const bytes = await this.#window.peek(need);
      const reader = new ThriftReader(bytes);
      try {
        const header = readHeader(reader);
        this.#window.skip(reader.pos);
        return header;
      } catch (error) {
        if (!(error instanceof EndOfBytes)) throw error;
        if (bytes.length >= this.#window.left || need > MAX_HEADER) throw damaged('a column of it ends too early');
      }
    }
  }

  /** The bytes of a page, checked but as they lie in the file. */
  async #packed({ packed, crc }: PageHeader): Promise<Buffer> {
    const bytes = await this.#window.take(packed);
    // Written anew, wrong positions would look right.
    if (crc !== undefined && crc32(bytes) !== crc >>> 0) throw damaged('the checksum of a page of it is wrong');
    return bytes;
  }

  async #unpacked(header: PageHeader): Promise<Buffer> {
    return unpackPage(this.#codec, await this.#packed(header), header.unpacked);
  }

  /** Levels and values, packed together. */
  async #first(header: PageHeader): Promise<Buffer> {
    const page = await this.#unpacked(header);
    if (!this.#optional) return page;
    if (header.levelEncoding !== ENCODING.rle) throw cannotHandle(`levels in encoding ${header.levelEncoding}`);
    const length = page.length < 4 ? -1 : page.readUInt32LE();
    if (length < 0 || length > page.length - 4) throw damaged('a page of it ends too early');
    checkLevels(page.subarray(4, 4 + length), header.values);
    return page.subarray(4 + length);
  }

  /** Levels, then values, which alone are packed. */
  async #second(header: PageHeader): Promise<Buffer> {
    const { definitionBytes, repetitionBytes, isPacked, unpacked, values } = header;
    const page = await this.#packed(header);
    const levels = definitionBytes + repetitionBytes;
    if (definitionBytes < 0 || repetitionBytes < 0 || levels > page.length) throw damaged('a page of it ends too early');
    if (header.nulls !== 0) throw missingValue();
    if (this.#optional) checkLevels(page.subarray(repetitionBytes, levels), values);
    const data = page.subarray(levels);
    return isPacked ? unpackPage(this.#codec, data, unpacked - levels) : data;
  }
}

function readHeader(reader: ThriftReader): PageHeader {
  const top = new Map<number, number>();
  const inner = new Map<number, number>();
  let isPacked = true;
  let type: number | undefined;
  reader.struct((id, kind) => {
    if (id >= 1 && id <= 4) {
      top.set(id, reader.integer(kind));
      if (id === 1) type = top.get(1);
      return true;
    }
    const wanted =
      (type === PAGE.data && id === 5) || (type === PAGE.dictionary && id === 7) || (type === PAGE.data2 && id === 8);
    if (!wanted) return false;
    reader.structField(kind, (field, fieldKind) => {
      if (type === PAGE.data2 && field === 7) isPacked = reader.boolean(fieldKind);
      else if (field <= (type === PAGE.data2 ? 6 : type === PAGE.data ? 3 : 2)) inner.set(field, reader.integer(fieldKind));
      else return false;
      return true;
    });
    return true;
  });
  const of = (fields: ReadonlyMap<number, number>, id: number): number => {
    const value = fields.get(id);
    if (value === undefined || value < 0) throw damaged(`the header of a page has no field ${id}`);
    return value;
  };
  const version2 = type === PAGE.data2;
  const isIndex = type === PAGE.index;
  return {
    type: of(top, 1),
    unpacked: of(top, 2),
    packed: of(top, 3),
    crc: top.get(4),
    values: isIndex ? 0 : of(inner, 1),
    encoding: isIndex ? 0 : of(inner, version2 ? 4 : 2),
    levelEncoding: type === PAGE.data ? of(inner, 3) : ENCODING.rle,
    nulls: version2 ? of(inner, 2) : 0,
    definitionBytes: version2 ? of(inner, 5) : 0,
    repetitionBytes: version2 ? of(inner, 6) : 0,
    isPacked,
  };
}

/** Every value must be there: both columns are required by the specification, whatever the file says. */
function checkLevels(levels: Buffer, values: number): void {
  new HybridReader(levels, 1).read(values, (level) => {
    if (level !== 1) throw missingValue();
  });
}

function missingValue() {
  return damaged('a row of it has no path or no position');
}
