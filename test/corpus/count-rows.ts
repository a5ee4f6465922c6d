/** How many rows a reader sees, by the scan planning rules of the specification: what an engine would count, without an engine. */
import { parquetMetadata } from 'hyparquet';
import type { Value } from './avro.js';
import { arrayBuffer, type Content, FILE_PATH, readColumns } from './content.js';
import { type Fields, vectorOf, type WalkedManifest, type WalkedSnapshot, type WalkedTable } from './walk.js';

interface Live {
  readonly data: Fields;
  readonly path: string;
  readonly sequence: bigint;
  readonly content: Content;
  /** Spec id and partition. */
  readonly partition: string;
  readonly isPartitioned: boolean;
}

export async function countRows(table: WalkedTable, snapshot: WalkedSnapshot): Promise<bigint> {
  const live = snapshot.manifests.flatMap((manifest) => liveOf(table, manifest));
  const deletes = live.filter(({ content }) => content.content !== 0n);
  let rows = 0n;
  for (const file of live.filter(({ content }) => content.content === 0n)) {
    const deleted = new Set<bigint>();
    for (const one of deletes) for (const pos of await deletedBy(one, file)) deleted.add(pos);
    rows += (file.data.get('record_count') as bigint) - BigInt(deleted.size);
  }
  return rows;
}

function liveOf(table: WalkedTable, { entry, entries }: WalkedManifest): readonly Live[] {
  return entries.flatMap((each) => {
    if (each.get('status') === 2n) return [];
    const data = each.get('data_file') as Fields;
    const path = data.get('file_path') as string;
    // Version 1 has none: all are 0.
    const sequence = (each.get('sequence_number') ?? entry.get('sequence_number') ?? 0n) as bigint;
    const tuple = [...(data.get('partition') as Fields)].map(([name, value]) => `${name}=${String(value)}`);
    const partition = [String(entry.get('partition_spec_id')), ...tuple].join('/');
    return [{ data, path, sequence, content: table.live.get(path) as Content, partition, isPartitioned: tuple.length > 0 }];
  });
}

async function deletedBy(one: Live, file: Live): Promise<readonly bigint[]> {
  if (one.content.content === 2n) return one.sequence > file.sequence && isBeside(one, file) ? deletedByValue(one, file) : [];
  if (one.sequence < file.sequence || one.partition !== file.partition || !mayName(one.data, file.path)) return [];
  if (one.content.rows) return one.content.rows.flatMap(([path, pos]) => (path === file.path ? [pos] : []));
  return [...vectorOf(one.data, one.content)];
}

/** Equality deletes without a partition are about the whole table. */
function isBeside(one: Live, file: Live): boolean {
  return !one.isPartitioned || one.partition === file.partition;
}

/** As engines plan: a delete file that says which file it is about, or between which paths, is not read for others. */
function mayName(data: Fields, path: string): boolean {
  const referenced = data.get('referenced_data_file');
  if (typeof referenced === 'string') return referenced === path;
  const bound = (field: string): Buffer | undefined => {
    const pairs = (data.get(field) ?? []) as readonly Fields[];
    const value = pairs.find((pair) => pair.get('key') === BigInt(FILE_PATH))?.get('value') as string | undefined;
    return value === undefined ? undefined : Buffer.from(value.slice(2), 'hex');
  };
  const [lower, upper] = [bound('lower_bounds'), bound('upper_bounds')];
  const bytes = Buffer.from(path);
  return !(lower && Buffer.compare(bytes, lower) < 0) && !(upper && Buffer.compare(bytes, upper) > 0);
}

async function deletedByValue(one: Live, file: Live): Promise<readonly bigint[]> {
  const ids = (one.data.get('equality_ids') as readonly Value[]).map(Number);
  const valuesOf = async ({ content }: Live) => {
    const buffer = arrayBuffer(content.bytes);
    return (await readColumns(buffer, parquetMetadata(buffer), ids)).map((row) => row.map(String).join('\0'));
  };
  const gone = new Set(await valuesOf(one));
  return (await valuesOf(file)).flatMap((row, n) => (gone.has(row) ? [BigInt(n)] : []));
}
