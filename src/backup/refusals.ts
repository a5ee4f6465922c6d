import { BcnError } from '../errors.js';
import type { ManifestEntry } from '../iceberg/manifest.js';
import type { ManifestListEntry } from '../iceberg/manifest-list.js';
import type { TableMetadata } from '../iceberg/metadata.js';
import { findLocation } from '../storage/location.js';

/** How many objects a refusal names for each reason. */
const EXAMPLES = 3;

/** Properties whose value is a place that engines write to. */
const WRITE_PATHS = ['write.data.path', 'write.metadata.path', 'write.object-storage.path', 'write.folder-storage.path'];

export function writePaths(metadata: TableMetadata): Record<string, string> {
  const found = WRITE_PATHS.flatMap((name) => {
    const value = metadata.properties.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
}

const ABSOLUTE = /^(?:[A-Za-z][A-Za-z0-9+.-]*:)?\//;
const NOT_ABSOLUTE = 'files whose path is not absolute';

/** Gathers all reasons why nobody could bring a table back faithfully, so that the user sees them at once (law 7). */
export class Refusals {
  readonly #reasons = new Map<string, { count: number; examples: string[] }>();

  add(reason: string, example?: string): void {
    const known = this.#reasons.get(reason) ?? { count: 0, examples: [] };
    known.count++;
    if (example !== undefined && known.examples.length < EXAMPLES && !known.examples.includes(example))
      known.examples.push(example);
    this.#reasons.set(reason, known);
  }

  checkMetadata(metadata: TableMetadata): void {
    if (metadata.formatVersion > 3) this.add(`format version ${metadata.formatVersion}; bcn knows 1 to 3`);
    if (metadata.encryptionKeys > 0) this.add('encryption keys');
    if (metadata.properties.has('encryption.key-id')) this.add('encryption (property encryption.key-id)');
    for (const { path, keyMetadata } of metadata.statistics) if (keyMetadata) this.add('encrypted statistics', path);
    for (const { id, manifestList, manifests, keyId } of metadata.snapshots) {
      if (keyId !== undefined) this.add('encrypted snapshots', `snapshot ${id}`);
      for (const path of manifestList === undefined ? manifests : [manifestList]) this.checkPath(path);
    }
  }

  checkListEntry(entry: ManifestListEntry, snapshot: bigint): void {
    if (entry.content !== 0 && entry.content !== 1)
      this.add(`manifests of the unknown content ${entry.content}`, `${entry.path} in snapshot ${snapshot}`);
    if (entry.keyMetadata) this.add('encrypted manifests', entry.path);
    this.checkPath(entry.path);
  }

  checkEntry(entry: ManifestEntry): void {
    if (entry.keyMetadata) this.add('encrypted files', entry.path);
    // Nobody reads a deleted file: its path only has to be one.
    if (entry.status !== 2) this.checkPath(entry.path);
    else if (!ABSOLUTE.test(entry.path)) this.add(NOT_ABSOLUTE, entry.path);
  }

  /** A file that lies nowhere, or where bcn cannot read. */
  checkPath(path: string): void {
    if (findLocation(path) !== undefined) return;
    this.add(ABSOLUTE.test(path) ? 'files where bcn cannot read' : NOT_ABSOLUTE, path);
  }

  /** Throws `unsupported` when there is a reason. */
  throwIfAny(table: string): void {
    if (this.#reasons.size === 0) return;
    const reasons = [...this.#reasons].map(([reason, { count, examples }]) => {
      const more = count > examples.length && examples.length > 0 ? `, … (${count} in all)` : '';
      return examples.length > 0 ? `${reason}: ${examples.join(', ')}${more}` : reason;
    });
    throw new BcnError('unsupported', `Cannot back up ${table} faithfully: it has ${reasons.join('; ')}`, {
      table,
      hint: 'Nothing was written. The README lists which tables are refused, and why.',
    });
  }
}
