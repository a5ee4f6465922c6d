import { damaged } from './errors.js';

/** A file that is read in parts. */
export interface DeleteFile {
  /** What errors call it. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Gives bytes [start, end), `end <= size`. Two calls for the same bytes must give the same. */
  readonly read: (start: number, end: number, signal?: AbortSignal) => Promise<Buffer>;
}

/** A file of up to this many bytes is read in one piece. */
const WHOLE = 8 * 1024 * 1024;
/** Bytes that a window asks for at a time. */
const WINDOW = 4 * 1024 * 1024;

/** Checked access to the bytes of a file; a small file is read once. */
export class Source {
  readonly #file: DeleteFile;
  readonly #signal: AbortSignal | undefined;
  #whole: Promise<Buffer> | undefined;

  constructor(file: DeleteFile, signal: AbortSignal | undefined) {
    this.#file = file;
    this.#signal = signal;
  }

  get name(): string {
    return this.#file.name;
  }

  get size(): number {
    return this.#file.size;
  }

  get signal(): AbortSignal | undefined {
    return this.#signal;
  }

  /** Bytes [start, end), which must lie in the file. */
  async range(start: number, end: number): Promise<Buffer> {
    this.#signal?.throwIfAborted();
    if (start < 0 || end > this.size || start > end)
      throw damaged(`it has no bytes from ${start} to ${end}, but ${this.size} in all`);
    if (start === end) return EMPTY;
    if (this.size > WHOLE) return this.#read(start, end);
    this.#whole ??= this.#read(0, this.size);
    return (await this.#whole).subarray(start, end);
  }

  async #read(start: number, end: number): Promise<Buffer> {
    const bytes = await this.#file.read(start, end, this.#signal);
    if (bytes.length !== end - start)
      throw damaged(`it has ${bytes.length} bytes from ${start} to ${end}; it should have ${this.size} in all`);
    return bytes;
  }
}

const EMPTY = Buffer.alloc(0);

/** Reads bytes [start, end) of a file from front to back, a few MiB at a time. */
export class Window {
  readonly #source: Source;
  readonly #end: number;
  #pos: number;
  #buffer: Buffer = EMPTY;
  /** Where `#buffer` starts in the file. */
  #at: number;

  constructor(source: Source, start: number, end: number) {
    this.#source = source;
    this.#pos = start;
    this.#at = start;
    this.#end = end;
  }

  /** Offset in the file. */
  get pos(): number {
    return this.#pos;
  }

  /** Bytes left. */
  get left(): number {
    return this.#end - this.#pos;
  }

  /** Moves on without reading. */
  skip(bytes: number): void {
    if (bytes < 0 || bytes > this.left) throw damaged(`it ends too early, at byte ${this.#end}`);
    this.#pos += bytes;
  }

  /** The next bytes, at least `bytes` of them or all that are left; the position stays. */
  async peek(bytes: number): Promise<Buffer> {
    const need = Math.min(bytes, this.left);
    const rest = this.#buffer.subarray(Math.min(this.#pos - this.#at, this.#buffer.length));
    if (rest.length >= need) return rest;
    const start = this.#pos + rest.length;
    const more = await this.#source.range(start, Math.min(this.#end, start + Math.max(need - rest.length, WINDOW)));
    this.#buffer = rest.length === 0 ? more : Buffer.concat([rest, more]);
    this.#at = this.#pos;
    return this.#buffer;
  }

  /** The next `bytes` bytes. */
  async take(bytes: number): Promise<Buffer> {
    if (bytes > this.left) throw damaged(`it ends too early, at byte ${this.#end}`);
    const found = (await this.peek(bytes)).subarray(0, bytes);
    this.#pos += bytes;
    return found;
  }
}
