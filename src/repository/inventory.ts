import { gzipSync } from 'node:zlib';
import { BcnError } from '../errors.js';
import type { RewritableDeletes } from '../iceberg/delete-file.js';
import type { CallOptions, Checksum } from '../storage/port.js';
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
}

/** The section of a manifest without live files. */
export const EMPTY_SECTION: Section = { key: '', offset: 0, length: 0, sha256: '' };

/** Sections of one pack are gathered up to about this many bytes. */
const PACK_BYTES = 32 * 1024 * 1024;

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

/** The files of these manifests, pack by pack, each pack read once. Throws `corrupt` when a section is missing, altered or short. */
export async function* readInventory(
  place: RepositoryPlace,
  manifests: readonly RootManifest[],
  options: CallOptions = {},
): AsyncGenerator<{ readonly manifest: RootManifest; readonly files: readonly InventoryFile[] }> {
  const byPack = new Map<string, RootManifest[]>();
  for (const manifest of manifests) {
    const members = byPack.get(manifest.section.key);
    if (manifest.section.length === 0) yield { manifest, files: [] };
    else if (members) members.push(manifest);
    else byPack.set(manifest.section.key, [manifest]);
  }
  for (const [key, members] of byPack) {
    const object = `${place.store.uri}/${place.prefix}${key}`;
    const pack = await getPack(place, key, object, options);
    for (const manifest of members) yield { manifest, files: decodeSection(pack, manifest, object) };
  }
}

async function getPack(place: RepositoryPlace, key: string, object: string, options: CallOptions): Promise<Buffer> {
  try {
    return (await place.store.get(place.prefix + key, options)).bytes;
  } catch (cause) {
    if (!(cause instanceof BcnError) || cause.code !== 'object-not-found') throw cause;
    throw new BcnError('corrupt', `The repository is damaged: the inventory ${object} is missing`, {
      object,
      cause,
      hint: SEE_ALL,
    });
  }
}

const SEE_ALL = 'See all damage: bcn verify NAME';

function decodeSection(pack: Buffer, manifest: RootManifest, object: string): readonly InventoryFile[] {
  const { offset, length, sha256: recorded } = manifest.section;
  try {
    const member = pack.subarray(offset, offset + length);
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
