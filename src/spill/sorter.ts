import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { byteCompare } from '../storage/location.js';

/** A record with its sort key; keys are compared as UTF-8 bytes, as object stores list. */
export interface Keyed {
  readonly k: string;
}

/** Run files merged at once: bounds open files and the cost of finding the smallest head. */
const FAN_IN = 32;

/**
 * Sorts any number of JSON-safe records in bounded memory (law 13): chunks are sorted in memory and spilled as NDJSON, then merged. Records of an equal
 * key keep the order in which they were added. `sorted()` may be called again and again; `dispose()` removes the files.
 */
export class Sorter<T extends Keyed> {
  readonly #dir: string;
  readonly #name: string;
  readonly #chunk: number;
  #memory: T[] = [];
  #runs: string[] = [];
  #files = 0;
  #memorySorted = true;
  /** Spills run one after another, so that adders at once cannot lose a run. */
  #tail: Promise<void> = Promise.resolve();

  /** `chunk`: records held in memory at once. */
  constructor(dir: string, name: string, chunk = 100_000) {
    this.#dir = dir;
    this.#name = name;
    this.#chunk = chunk;
  }

  async add(record: T): Promise<void> {
    this.#memory.push(record);
    this.#memorySorted = false;
    if (this.#memory.length >= this.#chunk) await this.#spill();
  }

  async *sorted(): AsyncGenerator<T> {
    await this.#tail;
    this.#sortMemory();
    if (this.#runs.length === 0) {
      yield* this.#memory;
      return;
    }
    await this.#spill();
    yield* merge<T>(this.#runs.map((file) => read<T>(file)));
  }

  async dispose(): Promise<void> {
    this.#memory = [];
    await Promise.all(this.#runs.map((file) => rm(file, { force: true })));
    this.#runs = [];
  }

  #sortMemory(): void {
    if (!this.#memorySorted) this.#memory.sort((a, b) => byteCompare(a.k, b.k));
    this.#memorySorted = true;
  }

  #spill(): Promise<void> {
    this.#sortMemory();
    const records = this.#memory;
    this.#memory = [];
    this.#tail = this.#tail.then(async () => {
      if (records.length > 0) this.#runs.push(await this.#write(records));
      if (this.#runs.length < FAN_IN) return;
      const old = this.#runs;
      this.#runs = [await this.#write(merge<T>(old.map((file) => read<T>(file))))];
      await Promise.all(old.map((file) => rm(file, { force: true })));
    });
    return this.#tail;
  }

  async #write(records: Iterable<T> | AsyncIterable<T>): Promise<string> {
    const file = join(this.#dir, `${this.#name}-${this.#files++}.ndjson`);
    await pipeline(Readable.from(lines(records)), createWriteStream(file));
    return file;
  }
}

async function* lines<T>(records: Iterable<T> | AsyncIterable<T>): AsyncGenerator<string> {
  let text = '';
  for await (const record of records) {
    text += `${JSON.stringify(record)}\n`;
    if (text.length > 65_536) {
      yield text;
      text = '';
    }
  }
  if (text !== '') yield text;
}

/** Splits at line feeds only: newer versions of node:readline also split at U+2028 and U+2029, which JSON leaves unescaped. */
async function* read<T>(file: string): AsyncGenerator<T> {
  const input = createReadStream(file, { encoding: 'utf8' });
  let rest = '';
  try {
    for await (const chunk of input) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as T;
    }
  } finally {
    input.destroy();
  }
}

/** Merges sorted streams; on equal keys the earlier stream comes first. */
async function* merge<T extends Keyed>(streams: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const heads: { stream: AsyncGenerator<T>; value: T }[] = [];
  try {
    for (const stream of streams) {
      const next = await stream.next();
      if (!next.done) heads.push({ stream, value: next.value });
    }
    while (heads.length > 0) {
      let least = 0;
      for (let i = 1; i < heads.length; i++) {
        if (byteCompare((heads[i] as { value: T }).value.k, (heads[least] as { value: T }).value.k) < 0) least = i;
      }
      const head = heads[least] as { stream: AsyncGenerator<T>; value: T };
      yield head.value;
      const next = await head.stream.next();
      if (next.done) heads.splice(least, 1);
      else head.value = next.value;
    }
  } finally {
    await Promise.all(streams.map((stream) => stream.return(undefined)));
  }
}
