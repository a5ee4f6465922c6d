import { gzipSync } from 'node:zlib';
import { BcnError, isCode } from '../errors.js';
import type { RewritableDeletes } from '../iceberg/delete-file.js';
import { parallel } from '../parallel.js';
import { hiddenHint } from '../storage/hidden.js';
import type { CallOptions, Checksum } from '../storage/port.js';
import { readRange } from '../storage/read-range.js';
import { sha256 } from './keys.js';
import type { RepositoryPlace } from './place.js';
import type { RootManifest, Section } from './root.js';
import { unpack } from './unpack.js';

/** One live content file of a manifest, or a file of statistics (format, "Inventory"). */
export interface InventoryFile {
  /** Abstract. */
  readonly path: string;
  /** Repository key without prefix; null in a `reference` backup. */
  readonly key: string | null;
  /** bytes */
  readonly size: number;
  /** Id of the snapshot that added it; null where nobody recorded one. */
  readonly snapshot: string | null;
  /** null = none yet. */
  readonly sum: Checksum | null;
  readonly etag: string | null;
  /** The format of a delete file that names data files by their paths, which a restore has to change; absent for all others, which it copies. */
  readonly deletes?: RewritableDeletes;
  /** The source lacked it when the table was backed up: nobody has it. Its `key` is null. */
  readonly missing?: true;
}

/** The section of a manifest without live files. */
export const EMPTY_SECTION: Section = { key: '', offset: 0, length: 0, sha256: '' };

/** Sections of one pack are gathered up to about this many bytes. */
const PACK_BYTES = 32 * 1024 * 1024;

const PARALLEL = 8;

/** Gathers sections into packs; `write` stores a full pack and returns its key. */
export class PackWriter {
  readonly #write: (bytes: Buffer) => Promise<string>;
  #parts: Buffer[] = [];
  #length = 0;
  #open: ((key: string) => void)[] = [];

  constructor(write: (bytes: Buffer) => Promise<string>) {
    this.#write = write;
  }

  /** Adds one manifest's files, sorted by path. `placed` gets the section once its pack is written. */
  async add(files: readonly InventoryFile[], placed: (section: Section) => void): Promise<void> {
    if (files.length === 0) {
      placed(EMPTY_SECTION);
      return;
    }
    const bytes = gzipSync(files.map((file) => `${JSON.stringify(file)}\n`).join(''));
    const { length } = bytes;
    const offset = this.#length;
    this.#open.push((key) => placed({ key, offset, length, sha256: sha256(bytes) }));
    this.#parts.push(bytes);
    this.#length += length;
    if (this.#length >= PACK_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#open.length === 0) return;
    const key = await this.#write(Buffer.concat(this.#parts));
    for (const place of this.#open) place(key);
    this.#parts = [];
    this.#open = [];
    this.#length = 0;
  }
}

/** A manifest and its live files, or why its section cannot be read. */
export type ReadSection = { readonly manifest: RootManifest } & (
  | { readonly files: readonly InventoryFile[]; readonly error?: undefined }
  | { readonly error: BcnError }
);

/** The files of these manifests, pack by pack, each pack read once. Throws `corrupt` when a section is missing, altered or short. */
export async function* readInventory(
  place: RepositoryPlace,
  manifests: readonly RootManifest[],
  options: CallOptions = {},
): AsyncGenerator<{ readonly manifest: RootManifest; readonly files: readonly InventoryFile[] }> {
  for await (const read of checkSections(place, manifests, options)) {
    if (read.error) throw read.error;
    yield read;
  }
}

/** As `readInventory`, but a section that cannot be read does not keep the others from being read. */
export async function* checkSections(
  place: RepositoryPlace,
  manifests: readonly RootManifest[],
  options: CallOptions = {},
): AsyncGenerator<ReadSection> {
  const byPack = new Map<string, RootManifest[]>();
  for (const manifest of manifests) {
    const members = byPack.get(manifest.section.key);
    if (manifest.section.length === 0) yield { manifest, files: [] };
    else if (members) members.push(manifest);
    else byPack.set(manifest.section.key, [manifest]);
  }
  for (const [key, members] of byPack) {
    const object = `${place.store.uri}/${place.prefix}${key}`;
    const pack = await orCorrupt(() => getPack(place, key, object, options));
    for (const manifest of members) {
      const files = pack instanceof BcnError ? pack : await orCorrupt(() => decodeSection(pack, manifest, object));
      yield files instanceof BcnError ? { manifest, error: files } : { manifest, files };
    }
  }
}

async function orCorrupt<T>(read: () => T | Promise<T>): Promise<T | BcnError> {
  try {
    return await read();
  } catch (error) {
    if (isCode(error, 'corrupt')) return error;
    throw error;
  }
}

/** The files that the source lacked, each once, in the order of their paths. Reads only sections that have some. Throws `corrupt`. */
export async function missingFiles(
  place: RepositoryPlace,
  manifests: readonly RootManifest[],
  options: CallOptions = {},
): Promise<readonly InventoryFile[]> {
  const found = new Map<string, InventoryFile>();
  const some = manifests.filter(({ missing }) => missing !== undefined);
  for await (const { files } of readSections(place, some, options))
    for (const file of files) if (file.missing) found.set(file.path, file);
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Sections of a pack that lie this close to each other, bytes, come in one request: it costs more than the bytes between them. */
const GAP = 4096;

/** How much of a pack is in memory at once for each request, unless one section is larger. */
const STRETCH = 4 * 1024 * 1024;

/** The files of some manifests of a backup, reading hardly more of their packs than their sections. Throws `corrupt` as `readInventory` does. */
export async function* readSections(
  place: RepositoryPlace,
  manifests: readonly RootManifest[],
  options: CallOptions = {},
): AsyncGenerator<{ readonly manifest: RootManifest; readonly files: readonly InventoryFile[] }> {
  const sorted = manifests
    .filter(({ section }) => section.length > 0)
    .sort(({ section: a }, { section: b }) => (a.key === b.key ? a.offset - b.offset : a.key < b.key ? -1 : 1));
  const stretches: RootManifest[][] = [];
  for (const manifest of sorted) {
    const { key, offset } = manifest.section;
    const stretch = stretches.at(-1) ?? [];
    const [first, last] = [stretch[0]?.section, stretch.at(-1)?.section];
    const near = last?.key === key && offset - last.offset - last.length <= GAP;
    if (near && offset - (first?.offset ?? 0) < STRETCH) stretch.push(manifest);
    else stretches.push([manifest]);
  }
  const read = async (stretch: readonly RootManifest[]) => {
    const { key, offset: start } = (stretch[0] as RootManifest).section;
    const last = (stretch.at(-1) as RootManifest).section;
    const object = `${place.store.uri}/${place.prefix}${key}`;
    const bytes = await orMissing(object, () =>
      readRange(place.store, place.prefix + key, start, last.offset + last.length, options),
    );
    return { stretch, bytes, object, start };
  };
  for await (const { stretch, bytes, object, start } of parallel(stretches, read, PARALLEL)) {
    for (const manifest of stretch) yield { manifest, files: decodeSection(bytes, manifest, object, start) };
  }
}

async function getPack(place: RepositoryPlace, key: string, object: string, options: CallOptions): Promise<Buffer> {
  return orMissing(object, async () => (await place.store.get(place.prefix + key, options)).bytes);
}

async function orMissing(object: string, read: () => Promise<Buffer>): Promise<Buffer> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof BcnError) || cause.code !== 'object-not-found') throw cause;
    throw new BcnError('corrupt', `The repository is damaged: the inventory ${object} is missing`, {
      object,
      cause,
      hint: hiddenHint(cause) ?? SEE_ALL,
    });
  }
}

const SEE_ALL = 'See all damage: bcn verify NAME';

/** `start`: of these bytes in the pack. */
function decodeSection(bytes: Buffer, manifest: RootManifest, object: string, start = 0): readonly InventoryFile[] {
  const { offset, length, sha256: recorded } = manifest.section;
  try {
    const member = bytes.subarray(offset - start, offset - start + length);
    if (sha256(member) !== recorded) throw new Error('its sha256 is not the recorded one');
    const files = unpack(member)
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as InventoryFile);
    if (files.length === manifest.files) return files;
    throw new Error(`${files.length} files instead of ${manifest.files}`);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BcnError(
      'corrupt',
      `The repository is damaged: the inventory of ${manifest.path} in ${object} cannot be read: ${why}`,
      {
        object,
        cause,
        hint: SEE_ALL,
      },
    );
  }
}
