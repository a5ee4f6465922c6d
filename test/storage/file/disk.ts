import { constants } from 'node:fs';
import type fs from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Killed } from '../../support/faults.js';

type Fs = typeof fs;

/** A file's bytes and its time. */
interface Content {
  readonly bytes: Buffer;
  readonly modified: Date;
}

/** What a folder holds: a file by a number of its own (inodes are used again), or a folder. */
type Entry = number | 'folder';

/** How a power cut goes: whether what was not synced has reached the disk by itself all the same. `what`: a folder's names, or a file's bytes. */
export type Luck = (what: string) => boolean;

/**
 * Stands between bcn and the file system and knows of one folder what is on disk: bytes since `fsync` of the file, names since `fsync` of their folder. Everything else is lost at a power cut, or is not,
 * as luck has it, folder by folder and file by file.
 */
export class Disk {
  readonly #fs: Fs;
  #root = '/nowhere';
  #folders = new Map<string, ReadonlyMap<string, Entry>>();
  readonly #files = new Map<number, Content>();
  /** inode → the file that has it now */
  readonly #owners = new Map<number, number>();
  #count = 0;
  /** Calls that change something, so far, and the one before which the process dies. */
  changes = 0;
  dieAt = Number.POSITIVE_INFINITY;
  /** fsync does nothing. */
  lies = false;

  constructor(real: Fs) {
    this.#fs = real;
  }

  /** The functions that bcn gets instead. */
  module(): Fs {
    const changing = <A extends unknown[], R>(run: (...args: A) => Promise<R>) => {
      return async (...args: A): Promise<R> => {
        if (String(args[0]).startsWith(`${this.#root}/`)) this.#change(String(args[0]));
        return run(...args);
      };
    };
    const { mkdir, link, rename, unlink, rmdir, open } = this.#fs;
    return {
      ...this.#fs,
      ...{ link: changing(link), rename: changing(rename), unlink: changing(unlink), rmdir: changing(rmdir) },
      mkdir: changing(mkdir as (path: string) => Promise<string | undefined>) as Fs['mkdir'],
      open: async (path, flags, mode) => {
        const handle = await open(path, flags, mode);
        if (!String(path).startsWith(this.#root)) return handle;
        if ((Number(flags) & constants.O_CREAT) !== 0) this.#owners.set((await handle.stat()).ino, ++this.#count);
        return this.#watched(handle, String(path));
      },
    };
  }

  /** From now on this folder is looked at, and all that is in it is on disk. */
  async settle(root: string): Promise<void> {
    this.#root = root;
    this.#folders = new Map();
    this.#files.clear();
    this.#owners.clear();
    this.changes = 0;
    const visit = async (folder: string): Promise<void> => {
      const names = await this.#names(folder);
      this.#folders.set(folder, names);
      for (const [name, entry] of names) {
        if (entry === 'folder') await visit(join(folder, name));
        else this.#files.set(entry, await this.#content(join(folder, name)));
      }
    };
    await visit(root);
  }

  /** The power is cut: the folder is left as the disk has it. */
  async cut(luck: Luck): Promise<void> {
    this.dieAt = Number.POSITIVE_INFINITY;
    const left = new Map<string, Content>();
    const visit = async (folder: string): Promise<void> => {
      const now = await this.#names(folder).catch(() => new Map<string, Entry>());
      const names = luck(folder) ? now : (this.#folders.get(folder) ?? new Map<string, Entry>());
      for (const [name, entry] of names) {
        const path = join(folder, name);
        if (entry === 'folder') await visit(path);
        else left.set(path, this.#files.get(entry) ?? (luck(path) ? await this.#content(path) : empty()));
      }
    };
    await visit(this.#root);
    await this.#fs.rm(this.#root, { recursive: true });
    await this.#fs.mkdir(this.#root);
    for (const [path, { bytes, modified }] of left) {
      await this.#fs.mkdir(dirname(path), { recursive: true });
      await this.#fs.writeFile(path, bytes);
      await this.#fs.utimes(path, modified, modified);
    }
  }

  #change(what: string): void {
    if (this.changes++ >= this.dieAt) throw new Killed(what);
  }

  #watched(handle: FileHandle, path: string): FileHandle {
    const write = handle.writeFile.bind(handle);
    handle.writeFile = async (...args) => {
      this.#change(path);
      await write(...args);
    };
    handle.sync = async () => {
      this.#change(path);
      if (this.lies) return;
      const stat = await handle.stat();
      if (stat.isDirectory()) this.#folders.set(path.replace(/\/$/, ''), await this.#names(path));
      else this.#files.set(this.#ownerOf(stat.ino), await this.#content(path));
    };
    return handle;
  }

  async #names(folder: string): Promise<Map<string, Entry>> {
    const found = new Map<string, Entry>();
    for (const entry of await this.#fs.readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) found.set(entry.name, 'folder');
      else found.set(entry.name, this.#ownerOf((await this.#fs.stat(join(folder, entry.name))).ino));
    }
    return found;
  }

  #ownerOf(inode: number): number {
    const owner = this.#owners.get(inode) ?? ++this.#count;
    this.#owners.set(inode, owner);
    return owner;
  }

  async #content(path: string): Promise<Content> {
    const { mtime } = await this.#fs.stat(path);
    return { bytes: await this.#fs.readFile(path), modified: mtime };
  }
}

const empty = (): Content => ({ bytes: Buffer.alloc(0), modified: new Date() });

/** Luck that is the same for the same seed and name, whatever is asked before. Names of runs and temporary files differ each time; their kind does not. */
export function luckOf(seed: number): Luck {
  return (what) => {
    let hash = seed;
    for (const char of basename(what)) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0;
    return (Math.imul(hash, 2_654_435_761) >>> 16) % 2 === 1;
  };
}
