import { gzipSync } from 'node:zlib';
import { BcnError } from '../errors.js';
import type { CallOptions } from '../storage/port.js';
import type { CommittedTable, StoredObject } from './commit.js';
import type { InventoryFile } from './inventory.js';
import type { RepositoryPlace } from './place.js';
import type { Range } from './ranges.js';
import { readStored } from './stored.js';
import { unpack } from './unpack.js';

/** Everything a backup of one table needs (format, "ROOT"). */
export interface Root {
  /** What all metadata named here was abstracted against. */
  readonly location: string;
  readonly metadataLocation: string;
  readonly uuid: string | null;
  readonly metadata: RootMetadata;
  readonly lists: readonly RootList[];
  readonly manifests: readonly RootManifest[];
  /** Files of statistics and partition statistics. Those that the metadata names and the source did not have are missing here. */
  readonly statistics: readonly InventoryFile[];
}

export interface RootMetadata extends StoredObject {
  readonly path: string;
  /** The source file was gzipped; the stored one is not. */
  readonly gzip: boolean;
}

export interface RootList extends StoredObject {
  readonly path: string;
  /** Snapshot id. */
  readonly snapshot: string;
  /** Which manifests of this ROOT it names, counted from 0; absent where the backup did not record it (0.1.0). */
  readonly names?: readonly Range[];
}

export interface RootManifest extends StoredObject {
  readonly path: string;
  /** It holds delete files. */
  readonly deletes?: true;
  /** An entry of it, of any status, names a file outside the table's location. */
  readonly outside?: true;
  /** All its live entries are of files that came with it (status ADDED). Absent: some may be carried over, or the backup did not record it (0.1.0). */
  readonly adds?: true;
  /** Length that the source's file had. */
  readonly sourceLength: number;
  /** How many lines of its section are of files that the source lacked; absent = none. */
  readonly missing?: number;
  /** Live entries and the sum of their sizes. */
  readonly files: number;
  readonly bytes: number;
  /** Its inventory section; length 0 = no live entry. */
  readonly section: Section;
}

/** A gzip member inside a pack. */
export interface Section {
  readonly key: string;
  readonly offset: number;
  readonly length: number;
  /** hex, of the gzip member; '' for an empty section. */
  readonly sha256: string;
}

/** Keys of all that a ROOT names itself; those of other content are in the sections. */
export function namedKeys({ metadata, lists, manifests, statistics }: Root): string[] {
  const own = [metadata, ...lists, ...manifests].map(({ key }) => key);
  return [...own, ...statistics.flatMap(({ key }) => key ?? [])];
}

/** What tells a section from all others: it never moves. */
export const sectionId = ({ key, offset }: Pick<Section, 'key' | 'offset'>): string => `${key}\n${offset}`;

export function encodeRoot(root: Root): Buffer {
  const { metadata, lists, manifests, statistics, ...head } = root;
  const lines = [
    { type: 'root', format: 1, ...head },
    { type: 'metadata', ...metadata },
    ...lists.map(({ names: _, ...list }) => ({ type: 'list', ...list })),
    // A type of its own: who does not know that a table has delete files must not overlook it.
    ...manifests.map(({ deletes, ...manifest }) => ({ type: deletes ? 'delete-manifest' : 'manifest', ...manifest })),
    ...statistics.map((file) => ({ type: 'statistics', ...file })),
    // Lines of their own: 0.1.0 carries a list's fields over to a ROOT of other manifests, and skips lines that it does not know.
    ...lists.flatMap(({ names }, list) => (names ? { type: 'names', list, manifests: names } : [])),
  ];
  return gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

export function decodeRoot(bytes: Buffer, object: string): Root {
  const damaged = (why: string, cause?: unknown) =>
    new BcnError('corrupt', `The table root ${object} is damaged: ${why}`, {
      object,
      cause,
      hint: 'See all damage: bcn verify NAME',
    });
  let lines: ({ type: string } & Record<string, unknown>)[];
  try {
    lines = unpack(bytes)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  } catch (cause) {
    throw damaged('it is not gzipped NDJSON', cause);
  }
  const of = (type: string) => lines.filter((line) => line.type === type).map(({ type: _, ...rest }) => rest as unknown);
  const manifests = lines.flatMap(({ type, ...rest }): RootManifest[] => {
    if (type === 'manifest') return [rest as unknown as RootManifest];
    return type === 'delete-manifest' ? [{ ...(rest as unknown as RootManifest), deletes: true }] : [];
  });
  const names = new Map((of('names') as { list: number; manifests: Range[] }[]).map((line) => [line.list, line.manifests]));
  const lists = (of('list') as RootList[]).map((list, n): RootList => {
    const named = names.get(n);
    return named ? { ...list, names: named } : list;
  });
  const head = of('root')[0] as { format: number } & Pick<Root, 'location' | 'metadataLocation' | 'uuid'>;
  const metadata = of('metadata')[0] as RootMetadata;
  if (Number.isInteger(head?.format) && head.format > 1) {
    throw new BcnError('repository-too-new', `The table root ${object} has format ${head.format}; this bcn reads format 1`, {
      object,
      hint: 'Use a newer bcn.',
    });
  }
  if (head?.format !== 1 || metadata === undefined) throw damaged('it lacks its first lines');
  const { location, metadataLocation, uuid } = head;
  return {
    location,
    metadataLocation,
    uuid,
    metadata,
    lists,
    manifests,
    statistics: of('statistics') as InventoryFile[],
  };
}

/** Reads and checks the ROOT of a committed table. Throws `corrupt`, or `repository-too-new` for a later format. */
export async function readRoot(place: RepositoryPlace, table: CommittedTable, options: CallOptions = {}): Promise<Root> {
  const root = await readRootOf(place, table.root, options);
  const object = `${place.store.uri}/${place.prefix}${table.root.key}`;
  // By its sha256 it is what the COMMIT, or a repair, names; a repair must not put another table, or another moment of it, in its place.
  if (root.metadataLocation === table.metadata_location && root.location === table.location) return root;
  throw new BcnError('corrupt', `The table root ${object} is of ${root.metadataLocation}, not of ${table.metadata_location}`, {
    object,
    hint: 'See all damage: bcn verify NAME',
  });
}

/** Reads and checks a ROOT. Throws `corrupt`. */
export async function readRootOf(place: RepositoryPlace, stored: StoredObject, options: CallOptions = {}): Promise<Root> {
  return decodeRoot(await readStored(place, stored, options), `${place.store.uri}/${place.prefix}${stored.key}`);
}
