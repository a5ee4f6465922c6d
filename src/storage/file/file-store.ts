import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { BcnError } from '../../errors.js';
import { checkRange, notFound, stopOnAbort, throwIfAborted, tooShort, unwritableKey, wrongLength } from '../guard.js';
import type {
  CallOptions,
  CopySource,
  ListOptions,
  ListPage,
  ObjectInfo,
  ObjectStore,
  ReadOptions,
  StoredBytes,
  WriteResult,
} from '../port.js';
import { type FileAction, fileError } from './errors.js';
import { fileKeyProblem, splitPrefix } from './paths.js';
import { type Found, walk } from './walk.js';
import { writeWhole } from './write.js';

export interface FileOptions {
  /** Objects and prefixes on one page of a listing. */
  readonly pageSize?: number;
  /**
   * Absolute path of a folder that bcn keeps files in. `delete` removes folders below it that it has emptied, never this one or
   * one above it; without it no folder is ever removed.
   */
  readonly tidyBelow?: string;
}

/**
 * The local file system as one store: `file:///a/b` is the key `a/b`, the file `/a/b`. Its clock is this machine's. There are no
 * ETags, and no empty folders: a folder without files is not listed. Files are visible only when whole and on disk.
 */
export class FileStore implements ObjectStore {
  readonly uri = 'file://';
  readonly service = 'file:local';
  readonly endpoint = 'file:local';
  readonly #pageSize: number;
  readonly #tidyBelow: string | undefined;

  constructor(options: FileOptions = {}) {
    this.#pageSize = options.pageSize ?? 1000;
    this.#tidyBelow = options.tidyBelow?.replace(/\/+$/, '');
  }

  async get(key: string, options: CallOptions = {}): Promise<StoredBytes> {
    return this.#guard('read', key, options, async () => {
      const file = await openToRead(this.uri, key);
      try {
        const { mtimeMs } = await file.stat();
        const bytes = await file.readFile(options.signal ? { signal: options.signal } : {});
        return { key, size: bytes.length, modified: mtimeMs, bytes, date: Date.now() };
      } finally {
        await file.close();
      }
    });
  }

  async read(key: string, options: ReadOptions = {}): Promise<Readable> {
    const { range } = options;
    return this.#guard('read', key, options, async () => {
      checkRange(range, this.#object(key));
      const file = await openToRead(this.uri, key, range?.start);
      // Its `end` is the last byte.
      const part = range ? { start: range.start, end: range.end - 1 } : {};
      const stream = file.createReadStream({ highWaterMark: 1 << 18, ...part });
      stream.once('close', stopOnAbort(stream, options.signal, this.#object(key)));
      return stream;
    });
  }

  async create(key: string, bytes: Uint8Array, options: CallOptions = {}): Promise<WriteResult> {
    return this.#guard('write', key, options, async () => {
      await writeWhole({ ...this.#target(key), mode: 'create', signal: options.signal }, (file) => file.writeFile(bytes));
      return result(createHash('sha256').update(bytes).digest('base64'));
    });
  }

  /** By construction: link(2) fails when the name is taken, also among processes and, over NFS, among machines. */
  async probeCreate(prefix: string, options: CallOptions = {}): Promise<boolean> {
    throwIfAborted(options.signal, this.#object(prefix));
    return true;
  }

  async upload(key: string, body: Readable, size: number, options: CallOptions = {}): Promise<WriteResult> {
    try {
      return await this.#guard('write', key, options, async () => {
        const target = { ...this.#target(key), mode: 'replace' as const, signal: options.signal };
        return result(await writeWhole(target, (file) => fill(file, body, size, target.object, options.signal)));
      });
    } finally {
      body.destroy();
    }
  }

  async copy(source: CopySource, key: string, options: CallOptions = {}): Promise<WriteResult> {
    if (source.store.service !== this.service) {
      const object = `${source.store.uri}/${source.key}`;
      throw new BcnError('unexpected', `${object} is no local file.`, { object });
    }
    const body = await this.read(source.key, options);
    return this.upload(key, body, source.size, options);
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ListPage> {
    const found = this.#walk(prefix, { startAfter: options.startAfter, fold: options.delimiter !== undefined });
    let objects: ObjectInfo[] = [];
    let prefixes: string[] = [];
    for (;;) {
      const { done, value } = await this.#guard('list', prefix, options, () => found.next());
      if (done || objects.length + prefixes.length === this.#pageSize) {
        yield { objects, prefixes, date: Date.now() };
        if (done) return;
        objects = [];
        prefixes = [];
      }
      if ('folder' in value) prefixes.push(value.folder);
      else objects.push(value);
    }
  }

  async delete(keys: readonly string[], options: CallOptions = {}): Promise<void> {
    const folders = new Set<string>();
    for (const key of keys) {
      await this.#guard('delete', key, options, async () => {
        if (fileKeyProblem(key)) return;
        if (await removed(`/${key}`)) folders.add(dirname(`/${key}`));
      });
    }
    for (const folder of folders) await this.#tidy(folder);
  }

  /** Removes unfinished files in the folders below the prefix; like everything below a prefix, other processes' too. */
  async abortUploads(prefix: string, options: CallOptions = {}): Promise<number> {
    let count = 0;
    const found = this.#walk(prefix, { fold: false, temps: true });
    for (;;) {
      const { done, value } = await this.#guard('list', prefix, options, () => found.next());
      if (done) return count;
      if ('key' in value && (await this.#guard('delete', value.key, options, () => removed(`/${value.key}`)))) count++;
    }
  }

  #walk(prefix: string, options: Omit<Parameters<typeof walk>[1], 'start'>): AsyncGenerator<Found> {
    const split = splitPrefix(prefix);
    return split ? walk(split.folder, { ...options, start: split.start }) : nothing();
  }

  async #tidy(folder: string): Promise<void> {
    const top = this.#tidyBelow;
    if (top === undefined) return;
    // Best effort: a folder that is not empty, or that somebody fills meanwhile, stays.
    for (let at = folder; at.startsWith(`${top}/`); at = dirname(at)) {
      if (
        !(await rmdir(at).then(
          () => true,
          () => false,
        ))
      )
        return;
    }
  }

  #target(key: string): { readonly path: string; readonly object: string } {
    const problem = fileKeyProblem(key);
    if (problem) throw unwritableKey(this.#object(key), problem);
    return { path: `/${key}`, object: this.#object(key) };
  }

  #object(key: string): string {
    return `${this.uri}/${key}`;
  }

  async #guard<T>(action: FileAction, key: string, options: CallOptions, run: () => Promise<T>): Promise<T> {
    throwIfAborted(options.signal, this.#object(key));
    try {
      return await run();
    } catch (error) {
      throw fileError(error, action, this.#object(key), options.signal);
    }
  }
}

function result(sum: string): WriteResult {
  return { sum: { alg: 'sha256', value: sum, kind: 'full' }, date: Date.now() };
}

/** Opens a file that has more than `start` bytes. */
async function openToRead(uri: string, key: string, start = -1): Promise<FileHandle> {
  if (fileKeyProblem(key)) throw notFound(`${uri}/${key}`);
  // Opening a FIFO for reading would wait for a writer for ever.
  const file = await open(`/${key}`, constants.O_RDONLY | constants.O_NONBLOCK);
  const stat = await file.stat();
  if (stat.isFile() && stat.size > start) return file;
  await file.close();
  throw stat.isFile() ? tooShort(`${uri}/${key}`, start + 1) : notFound(`${uri}/${key}`);
}

/** Fills a file from a stream; returns the sha256 (base64). */
async function fill(file: FileHandle, body: Readable, size: number, object: string, signal?: AbortSignal): Promise<string> {
  const release = stopOnAbort(body, signal, object);
  try {
    const hash = createHash('sha256');
    let length = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > size) throw wrongLength(object, size, 'more');
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    if (length !== size) throw wrongLength(object, size, `${length}`);
    return hash.digest('base64');
  } finally {
    release();
  }
}

/** Deletes a file; false when there is none (a folder is no object). */
async function removed(path: string): Promise<boolean> {
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'].includes(error.code ?? '')) return undefined;
    throw error;
  });
  if (stat === undefined || stat.isDirectory()) return false;
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  return true;
}

async function* nothing(): AsyncGenerator<Found> {}
