import type { BcnError } from '../errors.js';
import { readManifest } from '../iceberg/manifest.js';
import { readManifestList } from '../iceberg/manifest-list.js';
import { readMetadata } from '../iceberg/metadata.js';
import { parallel } from '../parallel.js';
import type { StoredObject } from '../repository/commit.js';
import { placeUri } from '../repository/place.js';
import { membersOf } from '../repository/ranges.js';
import type { RootList, RootManifest } from '../repository/root.js';
import { readStored } from '../repository/stored.js';
import type { CheckContext, RootedTable } from './context.js';
import { asFinding, type Owner, type Part } from './findings.js';

const PARALLEL = 8;

/** An object that several tables may share, with what each expects of it. */
interface Check<T extends StoredObject> {
  readonly stored: T;
  readonly users: { readonly rooted: RootedTable; readonly stored: T }[];
}

/** Reads every metadata object, each once, and checks that together they are tables. Returns how many there are. */
export async function checkMetadata(tables: readonly RootedTable[], context: CheckContext): Promise<number> {
  const { deps, findings, call } = context;
  const uri = ({ key }: StoredObject) => `${placeUri(deps.repository)}/${key}`;
  const read = (stored: StoredObject) => readStored(deps.repository, stored, call);
  const add = (part: Part, stored: StoredObject, message: string, users: readonly RootedTable[]) =>
    findings.add(
      { part, key: stored.key, object: uri(stored), message },
      users.flatMap(({ owners }): Owner[] => owners),
    );
  const all = <T>(check: Check<T & StoredObject>) => check.users.map(({ rooted }) => rooted);

  const checkOne = async (rooted: RootedTable) => {
    const { root } = rooted;
    const names = new Set(root.manifests.map(({ path }) => path));
    const lists = new Set(root.lists.map(({ path }) => path));
    const { snapshots } = readMetadata(await read(root.metadata), uri(root.metadata));
    const { table } = rooted;
    if (table.manifests !== root.manifests.length || table.snapshots !== snapshots.length) {
      const found = `${root.manifests.length} manifests and ${snapshots.length} snapshots`;
      const message = `The table has ${found}; the record says ${table.manifests} and ${table.snapshots}`;
      await add('root', table.root, message, [rooted]);
    }
    for (const { id, manifestList, manifests } of snapshots) {
      const missing =
        manifestList === undefined
          ? manifests.find((path) => !names.has(path))
          : lists.has(manifestList)
            ? undefined
            : manifestList;
      if (missing !== undefined)
        await add('metadata', root.metadata, `Snapshot ${id} names ${missing}, which the backup does not hold`, [rooted]);
    }
  };
  const lengths = new Map(
    tables.map((rooted) => [rooted, new Map(rooted.root.manifests.map(({ path, length }) => [path, length]))]),
  );
  const checkList = async ({ stored, users }: Check<RootList>) => {
    const entries = await readManifestList(await read(stored), uri(stored));
    for (const {
      rooted,
      stored: { names, path },
    } of users) {
      const wrong = entries.find((entry) => lengths.get(rooted)?.get(entry.path) !== entry.length);
      if (wrong) {
        const message = `The manifest list names ${wrong.path} with ${wrong.length} bytes, which the backup does not hold`;
        await add('list', stored, message, [rooted]);
      } else if (
        names &&
        !isEqual(
          entries.map((entry) => entry.path),
          [...membersOf(names)].map((n) => rooted.root.manifests[n]?.path),
        )
      )
        await add('root', rooted.table.root, `The table root says of the manifest list ${path} that it names other manifests`, [
          rooted,
        ]);
    }
  };
  const checkManifest = async ({ stored, users }: Check<RootManifest>) => {
    let live = 0;
    let bytes = 0;
    await readManifest(await read(stored), uri(stored), ({ status, size }) => {
      if (status === 2) return;
      live++;
      bytes += size;
    });
    for (const { rooted, stored: said } of users) {
      if (live === said.files && bytes === said.bytes) continue;
      const message = `The manifest has ${live} live files of ${bytes} bytes; its inventory says ${said.files} of ${said.bytes}`;
      await add('manifest', stored, message, [rooted]);
    }
  };

  const lists = shared(tables, ({ root }) => root.lists);
  const manifests = shared(tables, ({ root }) => root.manifests);
  const checks: (() => Promise<void>)[] = [
    ...tables.map((rooted) =>
      settle(
        () => checkOne(rooted),
        (error) => add('metadata', rooted.root.metadata, error.message, [rooted]),
      ),
    ),
    ...lists.map((one) =>
      settle(
        () => checkList(one),
        (error) => add('list', one.stored, error.message, all(one)),
      ),
    ),
    ...manifests.map((one) =>
      settle(
        () => checkManifest(one),
        (error) => add('manifest', one.stored, error.message, all(one)),
      ),
    ),
  ];
  let done = 0;
  for await (const _ of parallel(checks, (check) => check(), PARALLEL)) {
    deps.report.progress({ phase: 'checking metadata', done: ++done, total: checks.length });
  }
  return checks.length;
}

/** Each stored object once, with all that name it: equal key, length and sha256. */
function shared<T extends StoredObject>(tables: readonly RootedTable[], of: (rooted: RootedTable) => readonly T[]): Check<T>[] {
  const found = new Map<string, Check<T>>();
  for (const rooted of tables) {
    for (const stored of of(rooted)) {
      const id = `${stored.key}\n${stored.length}\n${stored.sha256}`;
      const check = found.get(id) ?? { stored, users: [] };
      check.users.push({ rooted, stored });
      found.set(id, check);
    }
  }
  return [...found.values()];
}

/** The same manifests, in any order. */
function isEqual(a: readonly string[], b: readonly (string | undefined)[]): boolean {
  const all = new Set<string | undefined>(a);
  return all.size === new Set(b).size && b.every((path) => all.has(path));
}

const settle = (check: () => Promise<void>, failed: (error: BcnError) => Promise<void>) => async () => {
  try {
    await check();
  } catch (error) {
    await failed(asFinding(error));
  }
};
