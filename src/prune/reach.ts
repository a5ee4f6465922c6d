import { BcnError, isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import type { StoredObject } from '../repository/commit.js';
import { readInventory } from '../repository/inventory.js';
import { namedKeys, type RootManifest, readRootOf, sectionId } from '../repository/root.js';
import type { Standing, Unreadable } from '../repository/standing.js';
import { groups } from '../spill/join.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import type { CallOptions } from '../storage/port.js';
import type { PruneDeps } from './options.js';

/** An object that a backup needs; `k` is its key. */
export interface Live extends Keyed {
  /** A backup that is not deleted needs it. */
  readonly kept: boolean;
}

/** The inventory section of a manifest; `k` sorts by pack. */
interface Sectioned extends Keyed {
  readonly manifest: RootManifest;
  readonly kept: boolean;
  readonly superseded: boolean;
}

interface Rooted {
  readonly root: StoredObject;
  readonly name: string;
  readonly kept: boolean;
  /** Only backups that a repair gave another ROOT name it. */
  readonly superseded: boolean;
}

const PARALLEL = 8;

/**
 * Adds all that these backups need: COMMIT → ROOT → metadata, lists, manifests, statistics, packs → keys in their sections. Each ROOT and each pack is read once. Throws
 * `corrupt`: what cannot be read may name anything; but what a repair has put another in the place of is only read as far as it can be.
 */
export async function reach(
  { repository, report }: PruneDeps,
  backups: readonly Standing[],
  live: Sorter<Live>,
  scratch: string,
  call: CallOptions,
): Promise<void> {
  const sections = new Sorter<Sectioned>(scratch, 'sections');
  const roots = new Map<string, Rooted>();
  for (const { tables, name, state } of backups) {
    const meet = (root: StoredObject, superseded: boolean) => {
      const known = roots.get(root.key);
      const kept = !state.deleted || (known?.kept ?? false);
      roots.set(root.key, { root, name: known?.name ?? name, kept, superseded: superseded && (known?.superseded ?? true) });
    };
    for (const table of tables) {
      meet(table.root, false);
      for (const root of table.superseded) meet(root, true);
    }
  }
  const read = async ({ root, name, kept, superseded }: Rooted) => {
    // Somebody may be restoring from it.
    await live.add({ k: root.key, kept });
    const found = await refusing(name, () => readRootOf(repository, root, call), superseded);
    if (!found) return;
    for (const k of namedKeys(found)) await live.add({ k, kept });
    for (const manifest of found.manifests) {
      if (manifest.section.length > 0) await sections.add({ k: sectionId(manifest.section), manifest, kept, superseded });
    }
  };
  let done = 0;
  for await (const _ of parallel(roots.values(), read, PARALLEL))
    report.progress({ phase: 'reading what backups hold', done: ++done, total: roots.size });
  for await (const pack of packs(sections)) {
    const kept = new Map(pack.map((section) => [section.manifest.section.offset, section.kept]));
    await live.add({ k: pack[0]?.manifest.section.key as string, kept: pack.some((section) => section.kept) });
    // One by one, where one that is damaged does not matter: it must not keep the others from being read.
    const [some, all] = [pack.filter(({ superseded }) => superseded), pack.filter(({ superseded }) => !superseded)];
    for (const members of [...some.map((one) => [one]), all]) {
      if (members.length === 0) continue;
      const read = async () => {
        const manifests = members.map(({ manifest }) => manifest);
        for await (const { manifest, files } of readInventory(repository, manifests, call)) {
          for (const { key } of files)
            if (key !== null) await live.add({ k: key, kept: kept.get(manifest.section.offset) ?? true });
        }
      };
      await refusing(undefined, read, members[0]?.superseded);
    }
    report.progress({ phase: 'reading inventories', done: ++done });
  }
  await sections.dispose();
}

/** The sections of one pack at a time, each once. */
async function* packs(sections: Sorter<Sectioned>): AsyncGenerator<readonly Sectioned[]> {
  let pack: Sectioned[] = [];
  for await (const same of groups(sections.sorted())) {
    const [{ k, manifest }] = same as [Sectioned];
    if (pack[0] && pack[0].manifest.section.key !== manifest.section.key) {
      yield pack;
      pack = [];
    }
    pack.push({
      k,
      manifest,
      kept: same.some(({ kept }) => kept),
      superseded: same.every(({ superseded }) => superseded),
    });
  }
  if (pack.length > 0) yield pack;
}

async function refusing<T>(name: string | undefined, read: () => Promise<T>, superseded = false): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isCode(error, 'corrupt')) throw error;
    if (superseded) return undefined;
    throw refusal(error, name);
  }
}

/** Nothing is deleted while something cannot be read that may name it. */
function refusal(error: BcnError, name: string | undefined): BcnError {
  const which = name === undefined ? 'A backup' : `The backup "${name}"`;
  const next =
    name === undefined
      ? 'Find it with bcn list and bcn verify NAME, then: bcn delete NAME'
      : `See bcn verify ${name}; then: bcn delete ${name}`;
  const hint = `What it needs is not known. ${next}. When the grace after that is over, prune goes on without it.`;
  return refused(error, which, hint);
}

/** The refusal for a record that cannot be read, or is of a later format. */
export function unreadableRecord({ error, selector }: Unreadable): BcnError {
  const hint =
    error.code === 'corrupt'
      ? 'What it needs is not known. If nothing is to be restored from it, remove the record itself; else bring it back from a copy.'
      : 'Use a newer bcn.';
  return refused(error, `The backup "${selector}"`, hint);
}

function refused(error: BcnError, which: string, hint: string): BcnError {
  const message = `${which} cannot be read, so nothing was removed: ${error.message}`;
  return new BcnError(error.code, message, { object: error.object, cause: error, hint });
}
