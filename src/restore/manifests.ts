import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ManifestEntry, readManifest } from '../iceberg/manifest.js';
import { parallel } from '../parallel.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { RootManifest } from '../repository/root.js';
import { readStored } from '../repository/stored.js';
import type { CallOptions } from '../storage/port.js';

const PARALLEL = 8;

/** The stored manifests of a backup. Those that had to be looked into for the plan are kept in the scratch folder, so that each is read once. */
export class Manifests {
  readonly #place: RepositoryPlace;
  readonly #scratch: string;
  readonly #call: CallOptions;
  readonly #kept = new Map<string, string>();

  constructor(place: RepositoryPlace, scratch: string, call: CallOptions) {
    this.#place = place;
    this.#scratch = scratch;
    this.#call = call;
  }

  /** The abstract bytes. @throws BcnError `corrupt` when they are missing or altered */
  async read(manifest: RootManifest): Promise<Buffer> {
    const file = this.#kept.get(manifest.key);
    return file === undefined ? readStored(this.#place, manifest, this.#call) : readFile(file);
  }

  /** The entries of manifests, of every status, manifest by manifest in order; paths are abstract. */
  entries(
    manifests: readonly RootManifest[],
  ): AsyncGenerator<{ readonly manifest: RootManifest; readonly entries: readonly ManifestEntry[] }> {
    const open = async (manifest: RootManifest) => {
      const bytes = await this.read(manifest);
      const entries: ManifestEntry[] = [];
      await readManifest(bytes, manifest.path, (entry) => entries.push(entry), this.#call.signal);
      if (!this.#kept.has(manifest.key)) {
        const file = join(this.#scratch, `manifest-${this.#kept.size}`);
        this.#kept.set(manifest.key, file);
        await writeFile(file, bytes);
      }
      return { manifest, entries };
    };
    return parallel(manifests, open, PARALLEL);
  }
}
