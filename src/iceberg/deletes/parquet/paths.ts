import { cannotHandle, damaged } from '../errors.js';
import { MAX_PATH } from '../mapper.js';
import type { MappedPath } from '../rows.js';
import type { Runs } from '../runs.js';
import type { PageDecoder } from './column.js';
import { DeltaReader } from './delta.js';
import { HybridReader } from './hybrid.js';
import { type DataPage, type Dictionary, ENCODING } from './pages.js';

/** Makes decoders for the paths of one page after the other. Skipping maps no path. */
export function pathDecoders(): (page: DataPage) => PageDecoder<Runs> {
  // Most pages share the dictionary of their column chunk.
  let paths: PathDictionary | undefined;
  return (page) => {
    switch (page.encoding) {
      case ENCODING.plain:
        return new PlainPaths(page.data);
      case ENCODING.plainDictionary:
      case ENCODING.dictionary:
        if (page.dictionary === undefined) throw damaged('a page of it needs a dictionary that is not there');
        if (paths?.dictionary !== page.dictionary) paths = new PathDictionary(page.dictionary);
        return new DictionaryPaths(page.data, paths);
      case ENCODING.deltaLength:
        return new DeltaLengthPaths(page);
      case ENCODING.deltaBytes:
        return new DeltaPaths(page);
      default:
        throw cannotHandle(`paths in encoding ${page.encoding}`);
    }
  };
}

class PlainPaths implements PageDecoder<Runs> {
  readonly #data: Buffer;
  #pos = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  read(count: number, out: Runs): void {
    for (let i = 0; i < count; i++) out.add(out.map(this.#next()), 1);
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.#next();
  }

  #next(): Buffer {
    const [start, end] = plainAt(this.#data, this.#pos);
    this.#pos = end;
    return this.#data.subarray(start, end);
  }
}

/** Where the byte array behind the length at `at` lies. */
function plainAt(data: Buffer, at: number): readonly [start: number, end: number] {
  const left = data.length - at - 4;
  const length = left < 0 ? -1 : data.readUInt32LE(at);
  if (length < 0 || length > left) throw damaged('a page of paths ends too early');
  return [at + 4, at + 4 + length];
}

/** The paths of a dictionary, each mapped when it is first met. */
class PathDictionary {
  readonly dictionary: Dictionary;
  readonly #starts: Uint32Array;
  readonly #mapped: (MappedPath | undefined)[] = [];

  constructor(dictionary: Dictionary) {
    this.dictionary = dictionary;
    this.#starts = startsOf(dictionary);
  }

  path(index: number, out: Runs): MappedPath {
    const known = this.#mapped[index];
    if (known !== undefined) return known;
    const at = this.#starts[index];
    if (at === undefined) throw damaged(`a row names path ${index} of ${this.#starts.length} in its dictionary`);
    const { data } = this.dictionary;
    const [start, end] = plainAt(data, at);
    const mapped = out.map(data.subarray(start, end));
    this.#mapped[index] = mapped;
    return mapped;
  }
}

class DictionaryPaths implements PageDecoder<Runs> {
  readonly #indexes: HybridReader;
  readonly #paths: PathDictionary;

  constructor(data: Buffer, paths: PathDictionary) {
    this.#indexes = new HybridReader(data.subarray(1), indexWidth(data));
    this.#paths = paths;
  }

  read(count: number, out: Runs): void {
    this.#indexes.read(count, (index, rows) => out.add(this.#paths.path(index, out), rows));
  }

  skip(count: number): void {
    this.#indexes.read(count, () => {});
  }
}

/** The bits of each index, in front of the indexes. A page of nothing may lack it. */
export function indexWidth(data: Buffer): number {
  return data[0] ?? 0;
}

function startsOf({ values, data }: Dictionary): Uint32Array {
  if (values > data.length / 4) throw damaged('its dictionary has more values than bytes');
  const starts = new Uint32Array(values);
  for (let i = 0, at = 0; i < values; i++) {
    starts[i] = at;
    at = plainAt(data, at)[1];
  }
  return starts;
}

/** All lengths, then all bytes. */
class DeltaLengthPaths implements PageDecoder<Runs> {
  readonly #lengths: DeltaReader;
  readonly #data: Buffer;
  readonly #length = new Length();
  #pos: number;

  constructor({ data, values }: DataPage) {
    this.#lengths = new DeltaReader(data, 0, 32);
    this.#data = data;
    this.#pos = endOfDeltas(data, 0, values);
  }

  read(count: number, out: Runs): void {
    for (let i = 0; i < count; i++) out.add(out.map(this.#next()), 1);
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.#next();
  }

  #next(): Buffer {
    this.#lengths.read(1, this.#length);
    const start = this.#pos;
    this.#pos += this.#length.value;
    return slice(this.#data, start, this.#pos);
  }
}

/** What each path shares with the one before, then what it has of its own. */
class DeltaPaths implements PageDecoder<Runs> {
  readonly #shared: DeltaReader;
  readonly #own: DeltaReader;
  readonly #data: Buffer;
  readonly #length = new Length();
  #pos: number;
  #path: Buffer = Buffer.alloc(0);
  #mapped: MappedPath | undefined;

  constructor({ data, values }: DataPage) {
    this.#shared = new DeltaReader(data, 0, 32);
    const ownAt = endOfDeltas(data, 0, values);
    this.#own = new DeltaReader(data, ownAt, 32);
    this.#data = data;
    this.#pos = endOfDeltas(data, ownAt, values);
  }

  read(count: number, out: Runs): void {
    for (let i = 0; i < count; i++) {
      this.#next();
      this.#mapped ??= out.map(this.#path);
      out.add(this.#mapped, 1);
    }
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.#next();
  }

  #next(): void {
    this.#shared.read(1, this.#length);
    const shared = this.#length.value;
    this.#own.read(1, this.#length);
    const own = this.#length.value;
    const before = this.#path;
    if (shared > before.length || shared + own > MAX_PATH) throw damaged('a path shares more than there is with the one before');
    if (own === 0 && shared === before.length) return;
    const start = this.#pos;
    this.#pos += own;
    this.#path = Buffer.concat([before.subarray(0, shared), slice(this.#data, start, this.#pos)]);
    this.#mapped = undefined;
  }
}

class Length {
  value = 0;

  number(value: number): void {
    if (value < 0) throw damaged('a path of negative length');
    this.value = value;
  }

  bigint(): void {
    throw damaged('a path of more than 2 PB');
  }
}

function endOfDeltas(data: Buffer, start: number, values: number): number {
  const reader = new DeltaReader(data, start, 32);
  if (reader.count !== values) throw damaged(`a page of ${values} paths has ${reader.count} lengths`);
  reader.read(values, undefined);
  return reader.end();
}

function slice(data: Buffer, start: number, end: number): Buffer {
  if (end > data.length) throw damaged('a page of paths ends too early');
  return data.subarray(start, end);
}
