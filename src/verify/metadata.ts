import { BcnError } from '../errors.js';
import { readManifest } from '../iceberg/manifest.js';
import { readManifestList } from '../iceberg/manifest-list.js';
import { readMetadata } from '../iceberg/metadata.js';
import { parallel } from '../parallel.js';
import type { StoredObject } from '../repository/commit.js';
import { membersOf } from '../repository/ranges.js';
import { readStored } from '../repository/stored.js';
import { asProblem, type CheckContext } from './context.js';

const PARALLEL = 8;

/** Reads every metadata object of a table and checks that together they are a table. Returns how many there are. */
export async function checkMetadata(context: CheckContext): Promise<number> {
  const { root, deps, call, problem } = context;
  const names = new Set(root.manifests.map(({ path }) => path));
  const lengths = new Map(root.manifests.map(({ path, length }) => [path, length]));
  const lists = new Set(root.lists.map(({ path }) => path));
  const read = (stored: StoredObject) => readStored(deps.repository, stored, call);
  const uri = ({ key }: StoredObject) => `${deps.repository.store.uri}/${deps.repository.prefix}${key}`;
  const fail = (stored: StoredObject, why: string) => new BcnError('corrupt', why, { object: uri(stored) });
  const checks: (() => Promise<void>)[] = [
    async () => {
      const metadata = readMetadata(await read(root.metadata), uri(root.metadata));
      for (const { id, manifestList, manifests } of metadata.snapshots) {
        const missing =
          manifestList === undefined
            ? manifests.find((path) => !names.has(path))
            : lists.has(manifestList)
              ? undefined
              : manifestList;
        if (missing !== undefined) throw fail(root.metadata, `Snapshot ${id} names ${missing}, which the backup does not hold`);
      }
    },
    ...root.lists.map((list) => async () => {
      const entries = await readManifestList(await read(list), uri(list));
      for (const { path, length } of entries) {
        if (lengths.get(path) === length) continue;
        throw fail(list, `The manifest list names ${path} with ${length} bytes, which the backup does not hold`);
      }
      if (list.names === undefined) return;
      const named = new Set(entries.map(({ path }) => path));
      const recorded = new Set([...membersOf(list.names)].map((n) => root.manifests[n]?.path));
      if (named.size === recorded.size && [...named].every((path) => recorded.has(path))) return;
      throw fail(context.table.root, `The table root says of the manifest list ${list.path} that it names other manifests`);
    }),
    ...root.manifests.map((manifest) => async () => {
      let live = 0;
      let bytes = 0;
      await readManifest(await read(manifest), uri(manifest), ({ status, size }) => {
        if (status === 2) return;
        live++;
        bytes += size;
      });
      if (live !== manifest.files || bytes !== manifest.bytes) {
        throw fail(
          manifest,
          `The manifest has ${live} live files of ${bytes} bytes; its inventory says ${manifest.files} of ${manifest.bytes}`,
        );
      }
    }),
  ];
  let done = 0;
  const run = async (check: () => Promise<void>) => {
    try {
      await check();
    } catch (error) {
      problem(asProblem(error));
    }
  };
  for await (const _ of parallel(checks, run, PARALLEL)) {
    context.deps.report.progress({ phase: 'checking metadata', done: ++done, total: checks.length });
  }
  return checks.length;
}
