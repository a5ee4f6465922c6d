import { readManifest } from '../iceberg/manifest.js';
import { readManifestList } from '../iceberg/manifest-list.js';
import { inflateMetadata, readMetadata } from '../iceberg/metadata.js';
import type { StoreResolver } from '../storage/port.js';
import { type Column, readParquet } from './parquet.js';

export type Row = readonly (string | null)[];

/** A table's content as text: what the demo prints and compares. */
export interface TableContent {
  readonly columns: readonly Column[];
  /** Oldest first; the rows of each snapshot sorted, since their order means nothing. */
  readonly snapshots: readonly { readonly id: string; readonly rows: readonly Row[] }[];
  readonly refs: readonly { readonly name: string; readonly type: string; readonly snapshotId: string }[];
  readonly currentSnapshotId: string | undefined;
}

/** Reads every row of every snapshot, in the columns of the current schema. For small tables without delete files. */
export async function readTable(stores: StoreResolver, metadataLocation: string): Promise<TableContent> {
  const get = async (uri: string): Promise<Buffer> => {
    const { store, key } = stores.resolve(uri);
    return (await store.get(key)).bytes;
  };
  const metadata = readMetadata(inflateMetadata(await get(metadataLocation), metadataLocation).bytes, metadataLocation);
  const columns = (JSON.parse(metadata.currentSchemaJson) as { readonly fields: readonly Column[] }).fields;
  const files = new Map<string, Promise<readonly Row[]>>();
  const rowsOf = (file: string): Promise<readonly Row[]> => {
    const known = files.get(file) ?? get(file).then((bytes) => readParquet(bytes, columns, file));
    files.set(file, known);
    return known;
  };
  const snapshots: TableContent['snapshots'][number][] = [];
  for (const snapshot of [...metadata.snapshots].sort((a, b) => Number(a.timestampMs - b.timestampMs))) {
    const live = await liveFiles(get, snapshot.manifestList, snapshot.manifests);
    const rows = (await Promise.all(live.map(rowsOf))).flat();
    snapshots.push({ id: String(snapshot.id), rows: sorted(rows) });
  }
  return {
    columns,
    snapshots,
    refs: metadata.refs.map(({ name, type, snapshotId }) => ({ name, type, snapshotId: String(snapshotId) })),
    currentSnapshotId: metadata.currentSnapshotId === undefined ? undefined : String(metadata.currentSnapshotId),
  };
}

async function liveFiles(
  get: (uri: string) => Promise<Buffer>,
  list: string | undefined,
  inPlace: readonly string[],
): Promise<readonly string[]> {
  const manifests = list === undefined ? inPlace : (await readManifestList(await get(list), list)).map(({ path }) => path);
  const live: string[] = [];
  for (const manifest of manifests) {
    await readManifest(await get(manifest), manifest, ({ status, path }) => {
      if (status !== 2) live.push(path);
    });
  }
  return live;
}

function sorted(rows: readonly Row[]): readonly Row[] {
  const keyed = rows.map((row) => ({ row, key: JSON.stringify(row) }));
  return keyed
    .sort((a, b) => compareCells(a.row[0], b.row[0]) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ row }) => row);
}

/** Whole numbers by value, so that 10 comes after 9. */
function compareCells(a: string | null | undefined, b: string | null | undefined): number {
  if (!/^-?\d+$/.test(a ?? '') || !/^-?\d+$/.test(b ?? '')) return 0;
  const difference = BigInt(a ?? 0) - BigInt(b ?? 0);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** In words, how two tables differ; empty when every row of every snapshot and every ref is the same. */
export function differences(before: TableContent, after: TableContent): readonly string[] {
  const found: string[] = [];
  const note = (what: string, a: unknown, b: unknown): void => {
    if (JSON.stringify(a) !== JSON.stringify(b)) found.push(`${what} differ: ${JSON.stringify(a)} became ${JSON.stringify(b)}`);
  };
  note('columns', before.columns, after.columns);
  note('refs', before.refs, after.refs);
  note('current snapshots', before.currentSnapshotId, after.currentSnapshotId);
  const ids = (content: TableContent): readonly string[] => content.snapshots.map(({ id }) => id);
  note('snapshots', ids(before), ids(after));
  for (const [i, { id, rows }] of before.snapshots.entries()) {
    const other = after.snapshots[i]?.rows ?? [];
    note(`numbers of rows of snapshot ${id}`, rows.length, other.length);
    if (rows.length === other.length) note(`rows of snapshot ${id}`, rows, other);
  }
  return found;
}
