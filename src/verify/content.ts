import { concretePath } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import { isComputable } from '../repository/checksum.js';
import { checkSections, type InventoryFile } from '../repository/inventory.js';
import { placeUri } from '../repository/place.js';
import type { RootManifest } from '../repository/root.js';
import { placesOf } from '../roots/places.js';
import { groups } from '../spill/join.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import { objectUri } from '../storage/list-places.js';
import type { ResolvedObject } from '../storage/port.js';
import type { CheckContext, RootedTable } from './context.js';
import { checkDeletes } from './deletes.js';
import type { Owner } from './findings.js';
import { Lacking } from './lacking.js';
import type { Checked } from './options.js';
import { readContent } from './read.js';
import { checkShard, type Shard, shards } from './shards.js';
import { chooser } from './subset.js';

/** A content file as one section, or one ROOT, names it; `k` is the URI of its object. */
export interface Wanted extends Keyed {
  readonly file: InventoryFile;
  /** Number of the holder that names it. */
  readonly h: number;
}

/** What names content files: a section, or a ROOT for its statistics, with the tables that rest on it. */
interface Holder {
  readonly tables: RootedTable[];
}

/** Shards that are listed at once. */
const LISTED = 8;

/**
 * Checks that every content file exists with its length, by LISTs of the runs that hold them (or of the source, for `reference` backups), side by side; and of those that are to
 * be read, what they hold and that a restore can write them anew, where it has to. A file that several backups share is looked at once.
 */
export async function checkContent(tables: readonly RootedTable[], context: CheckContext): Promise<Omit<Checked, 'metadata'>> {
  const { deps, options, call, findings } = context;
  const { store, prefix } = deps.repository;
  const holders: Holder[] = [];
  const uriOf = ({ path }: InventoryFile, h: number) => concretePath(path, tableOf(h).table.location);
  const tableOf = (h: number) => (holders[h] as Holder).tables[0] as RootedTable;
  const at = (file: InventoryFile, h: number): ResolvedObject =>
    file.key === null ? deps.source.resolve(uriOf(file, h)) : { store, key: prefix + file.key };
  const wanted = new Sorter<Wanted>(context.scratch, 'wanted');
  const lacking = new Lacking(tables, context.scratch);
  const want = (file: InventoryFile, h: number) => wanted.add({ k: objectUri(at(file, h)), file, h });
  const owners = (hs: readonly number[]): Owner[] =>
    hs.flatMap((h) => (holders[h] as Holder).tables.flatMap((table) => table.owners));

  for await (const { manifest, h, read } of sections(tables, holders, context)) {
    if (read.error) {
      const { key, offset } = manifest.section;
      const object = `${placeUri(deps.repository)}/${key}`;
      await findings.add({ part: 'section', key, offset, object, message: read.error.message }, owners([h]));
    } else for (const file of read.files) await (file.missing ? lacking.add(file, (holders[h] as Holder).tables) : want(file, h));
  }
  for (const table of tables) {
    const h = holders.push({ tables: [table] }) - 1;
    for (const file of table.root.statistics) await want(file, h);
  }

  const idOf = ({ file, k }: Wanted) => file.key ?? k;
  const isChosen = await choose(options.read, wanted, idOf);
  const known = tables.flatMap((table) => table.owners.flatMap(({ target }) => target.known?.objects ?? []));
  const again = new Set([...context.suspects, ...known.map(({ key }) => key)]);
  const places = await referencePlaces(
    tables,
    wanted,
    (one) => uriOf(one.file, one.h),
    context,
    (h) => tableOf(h).mode,
  );
  const placeOf = ({ file, k, h }: Wanted): ResolvedObject => {
    const run = file.key?.split('/').slice(0, 3).join('/');
    if (run !== undefined) return { store, key: `${prefix}${run}/` };
    return places.findLast((place) => k.startsWith(objectUri(place))) ?? at(file, h);
  };

  const total = tables.reduce((sum, { table }) => sum + table.files.total, 0);
  const missing = await lacking.check(context);
  const checked = { files: 0, filesRead: 0, bytesRead: 0, withoutChecksum: 0, missing };
  const listed = (async function* () {
    const list = (shard: Shard) => checkShard(shard, call);
    for await (const files of parallel(shards(groups(wanted.sorted()), placeOf), list, LISTED)) yield* files;
  })();
  const checkOne = async ({ all, size }: { readonly all: readonly Wanted[]; readonly size: number | undefined }) => {
    const [first] = all as readonly [Wanted, ...Wanted[]];
    const { file, h } = first;
    const object = at(file, h);
    const wrong = (message: string) =>
      findings.add({ part: 'content', key: idOf(first), object: first.k, message }, owners(all.map((one) => one.h)));
    if (size === undefined) await wrong(`The content file of ${file.path} is missing`);
    else if (size !== file.size) await wrong(`The content file of ${file.path} has ${size} bytes instead of ${file.size}`);
    else if (isChosen(idOf(first)) || again.has(idOf(first))) {
      const { bytes, message } = await readContent(object, file, call);
      checked.filesRead++;
      checked.bytesRead += bytes;
      const found = message ?? (await checkDeletes(object, file, call));
      if (found) await wrong(found);
    }
    return file;
  };
  for await (const file of parallel(listed, checkOne, options.jobs)) {
    checked.files++;
    if (!isComputable(file.sum)) checked.withoutChecksum++;
    deps.report.progress({ phase: 'checking content files', done: checked.files, total, bytes: checked.bytesRead });
  }
  await wanted.dispose();
  return checked;
}

/** The inventory section of every manifest, each once however many tables share it. */
async function* sections(tables: readonly RootedTable[], holders: Holder[], { deps, call }: CheckContext) {
  const known = new Map<string, { readonly manifest: RootManifest; readonly h: number }>();
  for (const table of tables) {
    for (const manifest of table.root.manifests) {
      const { key, offset, length, sha256 } = manifest.section;
      if (length === 0) continue;
      // What a path means, and whose file it is, depends on the location and the mode.
      const id = JSON.stringify([key, offset, length, sha256, manifest.files, table.table.location, table.mode]);
      const one = known.get(id);
      if (one) (holders[one.h] as Holder).tables.push(table);
      else known.set(id, { manifest, h: holders.push({ tables: [table] }) - 1 });
    }
  }
  const numbers = new Map([...known.values()].map(({ manifest, h }) => [manifest, h]));
  for await (const read of checkSections(deps.repository, [...numbers.keys()], call))
    yield { manifest: read.manifest, h: numbers.get(read.manifest) as number, read };
}

async function choose(
  read: CheckContext['options']['read'],
  wanted: Sorter<Wanted>,
  idOf: (one: Wanted) => string,
): Promise<(id: string) => boolean> {
  if (read === 'none') return () => false;
  if (read === 'all') return () => true;
  const files = async function* () {
    for await (const [first] of groups(wanted.sorted())) yield { id: idOf(first as Wanted), size: (first as Wanted).file.size };
  };
  return chooser(read, files());
}

/** Where the files of `reference` backups lie, in the order of their URIs. */
async function referencePlaces(
  tables: readonly RootedTable[],
  wanted: Sorter<Wanted>,
  pathOf: (one: Wanted) => string,
  { deps }: CheckContext,
  modeOf: (h: number) => 'copy' | 'reference',
): Promise<readonly ResolvedObject[]> {
  const locations = new Set(tables.filter(({ mode }) => mode === 'reference').map(({ table }) => table.location));
  const found: ResolvedObject[] = [];
  for (const location of locations) {
    const paths = async function* () {
      for await (const one of wanted.sorted()) if (one.file.key === null && modeOf(one.h) === 'reference') yield pathOf(one);
    };
    found.push(...(await placesOf(paths(), location, deps.source)));
  }
  return found.sort((a, b) => objectUri(a).length - objectUri(b).length);
}
