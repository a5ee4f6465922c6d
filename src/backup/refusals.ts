import { BcnError } from '../errors.js';
import type { ManifestEntry } from '../iceberg/manifest.js';
import type { ManifestListEntry } from '../iceberg/manifest-list.js';
import type { TableMetadata } from '../iceberg/metadata.js';
import { isUnder } from '../iceberg/paths.js';
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

/**
 * Gathers all reasons why a table cannot be backed up faithfully yet, so that the user sees them at once. Each one would restore a table with rows
 * resurrected, unreadable, or writing into its source (correctness: law 7).
 */
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
    if (metadata.statistics > 0) this.add('statistics files (statistics is not empty)');
    if (metadata.partitionStatistics > 0) this.add('partition statistics files (partition-statistics is not empty)');
    if (metadata.encryptionKeys > 0) this.add('encryption keys');
    if (metadata.properties.has('encryption.key-id')) this.add('encryption (property encryption.key-id)');
    for (const [name, value] of Object.entries(writePaths(metadata))) {
      if (value !== metadata.location && !isUnder(value, metadata.location)) {
        this.add(`the property ${name} outside the table location ${metadata.location}`, value);
      }
    }
    for (const { id, manifestList, manifests, keyId } of metadata.snapshots) {
      if (keyId !== undefined) this.add('encrypted snapshots', `snapshot ${id}`);
      for (const path of manifestList === undefined ? manifests : [manifestList]) this.checkPath(path, metadata.location);
    }
  }

  checkListEntry(entry: ManifestListEntry, location: string, snapshot: bigint): void {
    if (entry.content !== 0) this.add('delete files or deletion vectors', `${entry.path} in snapshot ${snapshot}`);
    if (entry.keyMetadata) this.add('encrypted manifests', entry.path);
    this.checkPath(entry.path, location);
  }

  checkEntry(entry: ManifestEntry, location: string): void {
    if (entry.content !== 0) this.add('delete files or deletion vectors', entry.path);
    if (entry.keyMetadata) this.add('encrypted files', entry.path);
    this.checkPath(entry.path, location);
  }

  checkPath(path: string, location: string): void {
    if (isUnder(path, location)) return;
    if (isOtherSpelling(path, location))
      this.add(`files of its location in another spelling (the location is ${location})`, path);
    else this.add(`files outside the table location ${location}`, path);
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
      hint: 'Nothing was written. The README lists which tables this version refuses, and why.',
    });
  }
}

/** Whether a path that is not spelt as below the location is at the same place: `s3a://` and `s3://`, `file:/` and `file:///`. */
function isOtherSpelling(path: string, location: string): boolean {
  const [file, root] = [findLocation(path), findLocation(location)];
  if (!file || !root) return false;
  return file.scheme === root.scheme && file.bucket === root.bucket && isUnder(`/${file.key}`, `/${root.key}`);
}
