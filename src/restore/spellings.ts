import { BcnError, isCode } from '../errors.js';
import { deletedPaths } from '../iceberg/deletes/inspect.js';
import { concretePath, isUnder } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import { type InventoryFile, readInventory } from '../repository/inventory.js';
import { groups } from '../spill/join.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import { findLocation } from '../storage/location.js';
import { overlaps } from '../storage/overlap.js';
import type { StoreResolver } from '../storage/port.js';
import { readRange } from '../storage/read-range.js';
import type { ContentContext } from './content.js';
import { contentSource, damaged } from './copy.js';
import type { Manifests } from './manifests.js';
import type { PlannedRoot, PlannedRoots } from './plan-roots.js';

export interface SpellingsContext extends ContentContext {
  readonly source: StoreResolver;
  readonly manifests: Manifests;
  readonly roots: PlannedRoots;
}

/** A data file, or a delete's name for one; `k` is the path that both would have in the target. */
interface Named extends Keyed {
  /** As the source spells it. */
  readonly spelt: string;
  readonly by: 'table' | 'delete';
}

const PARALLEL = 8;
const EXAMPLES = 3;

/**
 * Deletes apply to the data file whose path they spell exactly (Iceberg specification, "Scan Planning"). Where several spellings of a place (`s3a://` beside `s3://`)
 * become one, a delete that spelt a file otherwise, and did nothing, would begin to apply. Returns for how many data files that is so.
 *
 * @throws BcnError `unsupported`, unless `allowed`
 */
export async function assertSpellings(context: SpellingsContext, allowed: boolean): Promise<number> {
  const { roots, root, layout, manifests, scratch } = context;
  // With one spelling of each place there is nothing to mix up.
  const isMixed = roots.roots.some((root) => root.aliasOf !== undefined || (root.why === '--map' && meetsAnother(root, roots)));
  if (!isMixed || !root.manifests.some(({ deletes }) => deletes)) return 0;
  const named = new Sorter<Named>(scratch, 'spellings');
  const add = (spelt: string, by: Named['by']) => named.add({ k: layout.referenced(spelt), spelt, by });
  for await (const { entries } of manifests.entries(root.manifests)) {
    for (const { path, status, content, referencedDataFile } of entries) {
      if (status === 2) continue;
      if (content === 0) await add(concretePath(path, root.location), 'table');
      else if (referencedDataFile !== undefined) await add(concretePath(referencedDataFile, root.location), 'delete');
    }
  }
  const read = async (file: InventoryFile) => rowPaths(file, context);
  for await (const paths of parallel(withRows(context), read, PARALLEL)) for (const path of paths) await add(path, 'delete');
  let found = 0;
  const examples: string[] = [];
  for await (const group of groups(named.sorted())) {
    const differ = differing(group);
    if (!differ) continue;
    found++;
    if (examples.length < EXAMPLES) examples.push(`${differ.byDelete} for ${differ.inTable}`);
  }
  await named.dispose();
  if (found === 0 || allowed) return found;
  throw new BcnError(
    'unsupported',
    `Deletes of the table spell the paths of ${found} data files otherwise than the table does, so they do not apply; restored with one spelling they would: ${examples.join(', ')}`,
    {
      hint: `Let them apply with --merge-spellings, or keep both spellings apart with --map, such as ${apart(roots, layout.location)}`,
    },
  );
}

/** Whether paths under this root may become those of paths that are spelt otherwise, under another one. */
function meetsAnother(root: PlannedRoot, { roots }: PlannedRoots): boolean {
  return roots.some(({ source, target }) => {
    if (source === root.source || isUnder(source, root.source) || isUnder(root.source, source)) return false;
    return findLocation(source) && findLocation(root.source) && overlaps(source, root.source) && overlaps(target, root.target);
  });
}

/** A delete and a data file of one group that are spelt in two ways, also where others are spelt alike. */
function differing(group: readonly Named[]): { readonly byDelete: string; readonly inTable: string } | undefined {
  const spelt = (by: Named['by']) => new Set(group.flatMap((one) => (one.by === by ? [one.spelt] : [])));
  const inTable = [...spelt('table')];
  for (const byDelete of spelt('delete')) {
    const other = inTable.find((path) => path !== byDelete);
    if (other !== undefined) return { byDelete, inTable: other };
  }
  return undefined;
}

/** A map that keeps a second spelling of the location what it is: a spelling of the target. */
function apart({ roots }: PlannedRoots, target: string): string {
  const alias = roots.find(({ aliasOf }) => aliasOf !== undefined);
  const scheme = alias && /^[^:]*:/.exec(alias.source)?.[0];
  return `--map ${alias?.source}=${target.replace(/^[^:]*:/, () => scheme ?? '')}`;
}

async function* withRows({ place, root, call }: SpellingsContext): AsyncGenerator<InventoryFile> {
  for await (const { files } of readInventory(
    place,
    root.manifests.filter(({ deletes }) => deletes),
    call,
  )) {
    for (const file of files) if (file.deletes !== undefined && file.deletes !== 'puffin') yield file;
  }
}

/** The distinct paths that the rows of a delete file name. */
async function rowPaths({ path, key, size }: InventoryFile, context: SpellingsContext): Promise<readonly string[]> {
  const file = { k: path, path, from: key, size };
  const source = contentSource(file, context);
  const name = `${source.store.uri}/${source.key}`;
  const read = (start: number, end: number) => readRange(source.store, source.key, start, end, context.call);
  const paths = new Set<string>();
  try {
    for await (const one of deletedPaths({ name, size, read }, context.call.signal)) paths.add(one);
  } catch (error) {
    const found = damaged(error, source, file, context);
    // Nobody reads the rows of a file that does not come back.
    if (context.allowDamaged && isCode(found, 'corrupt')) return [];
    throw found;
  }
  return [...paths];
}
