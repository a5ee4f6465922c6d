import { parallel } from '../parallel.js';
import type { Commit, CommittedTable } from '../repository/commit.js';
import { placeUri } from '../repository/place.js';
import { type Root, readRoot } from '../repository/root.js';
import type { CheckContext, RootedTable } from './context.js';
import { asFinding, type Owner } from './findings.js';
import type { Target } from './targets.js';

const PARALLEL = 8;

/** Reads the ROOT of every table, each once. Those that cannot be read are findings. */
export async function readRoots(targets: readonly Target[], context: CheckContext): Promise<readonly RootedTable[]> {
  const { deps, findings, call } = context;
  const wanted = new Map<string, { readonly table: CommittedTable; readonly mode: Commit['mode']; readonly owners: Owner[] }>();
  for (const target of targets) {
    for (const [n, table] of target.backup.tables.entries()) {
      const { key, length, sha256 } = table.root;
      const id = JSON.stringify([key, length, sha256, table.location, target.backup.mode]);
      const known = wanted.get(id) ?? { table, mode: target.backup.mode, owners: [] };
      known.owners.push({ target, table: n });
      wanted.set(id, known);
    }
  }
  const found: RootedTable[] = [];
  const read = async ({ table, mode, owners }: { table: CommittedTable; mode: Commit['mode']; owners: Owner[] }) => {
    try {
      const root: Root = await readRoot(deps.repository, table, call);
      return { root, table, mode, owners };
    } catch (error) {
      const { message } = asFinding(error);
      const object = `${placeUri(deps.repository)}/${table.root.key}`;
      await findings.add({ part: 'root', key: table.root.key, object, message }, owners);
      return undefined;
    }
  };
  for await (const one of parallel(wanted.values(), read, PARALLEL)) if (one) found.push(one);
  return found;
}
