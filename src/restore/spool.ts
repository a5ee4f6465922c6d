import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** The bytes of a new file: in memory, or where they are many in the scratch folder. */
export interface Spooled<T> {
  readonly size: number;
  /** Set where the file is small. */
  readonly bytes: Buffer | undefined;
  /** The bytes as a new stream. */
  open(): Readable;
  dispose(): Promise<void>;
  /** What the generator returned. */
  readonly result: T;
}

/** Files up to this many bytes stay in memory. */
const SMALL = 8 * 1024 * 1024;

let files = 0;

/** Runs a generator of bytes to its end and keeps what it yields. */
export async function spool<T>(chunks: AsyncGenerator<Buffer, T>, scratch: string): Promise<Spooled<T>> {
  const head: Buffer[] = [];
  let size = 0;
  for (;;) {
    const next = await chunks.next();
    if (next.done) {
      const bytes = Buffer.concat(head);
      return { size, bytes, open: () => Readable.from([bytes]), dispose: async () => {}, result: next.value };
    }
    head.push(next.value);
    size += next.value.length;
    if (size > SMALL) return spoolToFile(head, chunks, join(scratch, `spool-${files++}`));
  }
}

async function spoolToFile<T>(head: readonly Buffer[], chunks: AsyncGenerator<Buffer, T>, file: string): Promise<Spooled<T>> {
  let size = 0;
  let result: { readonly value: T } | undefined;
  const all = async function* () {
    for (const chunk of head) {
      size += chunk.length;
      yield chunk;
    }
    for (;;) {
      const next = await chunks.next();
      if (next.done) {
        result = { value: next.value };
        return;
      }
      size += next.value.length;
      yield next.value;
    }
  };
  await pipeline(all, createWriteStream(file));
  const { value } = result as unknown as { readonly value: T };
  return { size, bytes: undefined, open: () => createReadStream(file), dispose: () => rm(file, { force: true }), result: value };
}
