import type { ManifestEntry } from '../iceberg/manifest.js';
import type { TableMetadata } from '../iceberg/metadata.js';

/** One of the two tables that are compared: as it was backed up, or as it is. */
export interface DiffSide {
  /** URI of its metadata.json, in its source. */
  readonly name: string;
  /** metadata.json with the paths of the source. */
  readonly bytes: Buffer;
  readonly metadata: TableMetadata;
  /** Manifests of the current snapshot. */
  readonly manifests: readonly SideManifest[];
}

export interface SideManifest {
  /** As the source spells it. */
  readonly path: string;
  /** Bytes of the source's file; undefined where nothing records it (v1 snapshots without a manifest list). */
  readonly length: number | undefined;
  /** It holds delete files. */
  readonly deletes: boolean;
  /** Live files and their rows, where that is known without reading it. */
  readonly files: number | undefined;
  readonly rows: bigint | undefined;
  /** Its entries of every status; paths are abstract. Throws `corrupt`. */
  entries(): Promise<readonly ManifestEntry[]>;
}
