import { BcnError } from '../errors.js';
import { readMetadata } from '../iceberg/metadata.js';
import type { CommittedTable, StoredObject } from '../repository/commit.js';
import type { RepositoryPlace } from '../repository/place.js';
import { decodeRoot } from '../repository/root.js';
import { readStored } from '../repository/stored.js';
import { unpack } from '../repository/unpack.js';
import type { CallOptions } from '../storage/port.js';

/** What `bcn cat` may show of a backup. */
export type Part =
  | { readonly kind: 'root' | 'metadata' | 'inventory' }
  /** Of a snapshot, by id. */
  | { readonly kind: 'list'; readonly snapshot: string | 'current' }
  /** The n-th that the ROOT names, from 0. */
  | { readonly kind: 'manifest'; readonly n: number };

/** Throws `usage`. */
export function parsePart(text: string): Part {
  if (text === 'root' || text === 'metadata' || text === 'inventory') return { kind: text };
  const snapshot = /^list:(current|-?\d{1,20})$/.exec(text)?.[1];
  if (snapshot !== undefined) return { kind: 'list', snapshot };
  const n = /^manifest:(\d{1,9})$/.exec(text)?.[1];
  if (n !== undefined) return { kind: 'manifest', n: Number(n) };
  throw new BcnError('usage', `There is no ${JSON.stringify(text)} of a backup`, {
    hint: 'There are root, metadata, list:SNAPSHOT, list:current, manifest:N (from 0) and inventory; without any, its record.',
  });
}

/** Where a part of a table lies. Throws `object-not-found` when there is none, `corrupt` when the ROOT is damaged. */
export async function findPart(
  place: RepositoryPlace,
  table: CommittedTable,
  part: Part,
  call: CallOptions,
): Promise<StoredObject> {
  const bytes = await readStored(place, table.root, call);
  const root = decodeRoot(bytes, `${place.store.uri}/${place.prefix}${table.root.key}`);
  if (part.kind === 'list') {
    const id =
      part.snapshot === 'current' ? await currentSnapshot(place, root.metadata, root.metadataLocation, call) : part.snapshot;
    const found = root.lists.find(({ snapshot }) => snapshot === id);
    if (found) return found;
    throw notThere(
      table,
      id === undefined ? 'current snapshot' : `manifest list of a snapshot ${id}`,
      'Snapshots: bcn show NAME',
    );
  }
  if (part.kind === 'manifest') {
    const manifests = manifestLines(bytes);
    const found = manifests[part.n];
    if (found) return found;
    throw notThere(table, `manifest ${part.n}`, `There are ${manifests.length}, counted from 0: bcn cat NAME root`);
  }
  return root.metadata;
}

async function currentSnapshot(place: RepositoryPlace, metadata: StoredObject, name: string, call: CallOptions) {
  return readMetadata(await readStored(place, metadata, call), name).currentSnapshotId?.toString();
}

/** In the order of the lines, as a person counts them; decoded, manifests of deletes come last. */
function manifestLines(root: Buffer): readonly StoredObject[] {
  return unpack(root)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StoredObject & { readonly type: string })
    .filter(({ type }) => type === 'manifest' || type === 'delete-manifest');
}

function notThere({ identifier, root }: CommittedTable, what: string, hint: string): BcnError {
  const table = identifier.join('.');
  return new BcnError('object-not-found', `The backup of ${table} holds no ${what}`, { table, object: root.key, hint });
}
