import { beforeAll, describe, expect, test } from 'vitest';
import { readRoot } from '../../src/repository/root.js';
import { Faults } from '../support/faults.js';
import { seeTable } from '../support/rows.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { World } from '../support/world.js';

/** What one backup cost, and what the format allows it ("What a backup costs"). */
interface Cost {
  readonly requests: number;
  /** Metadata files of the table that the backup before did not hold, and their bytes. */
  readonly metadata: { readonly files: number; readonly bytes: number };
  /** Content files copied. */
  readonly copied: number;
  /** Bytes of the table's files that were read, and of the repository's below runs/. */
  readonly read: { readonly source: number; readonly repository: number };
  /** Keys of everything else that was read. */
  readonly rest: readonly string[];
  readonly root: number;
  /** Lengths of the sections of manifests that no snapshot names any more, and that the newest one does not name, but its parent. */
  readonly gone: number;
  readonly left: number;
  /** Requests for pieces of packs. */
  readonly pieces: number;
}

/** Backs the table up as it is now, and counts. */
async function measure(world: World, table: TableWriter, name: string, base: string, tableName = 'db.t'): Promise<Cost> {
  world.publish(table, tableName);
  const rootOf = async (backup: string) => {
    const committed = (await world.commit(backup))?.tables[0] as NonNullable<Awaited<ReturnType<World['commit']>>>['tables'][0];
    return { length: committed.root.length, ...(await readRoot(world.place(), committed)) };
  };
  const before = await rootOf(base);
  const faults = new Faults();
  const ident = { namespace: ['db'], name: tableName.slice(3) };
  const { backup } = await world.backup({ name, tables: [ident] }, faults);
  const after = await rootOf(name);
  const known = new Set([before.metadata, ...before.lists, ...before.manifests].map(({ key }) => key));
  const fresh = [after.metadata, ...after.lists, ...after.manifests].filter(({ key }) => !known.has(key));
  const uri = (path: string) => (path.includes(':') ? path : `${after.location}/${path}`);
  const sizes = await Promise.all(fresh.map(async ({ path }) => (await world.get(uri(path))).length));
  const reads = faults.log.filter(({ op, done }) => done && (op === 'get' || op === 'read'));
  const bytesOf = (prefix: string) =>
    reads.filter(({ key }) => key.startsWith(prefix)).reduce((sum, { bytes = Number.NaN }) => sum + bytes, 0);
  const sections = (wanted: (path: string) => boolean) =>
    before.manifests.filter(({ path }) => wanted(path)).reduce((sum, { section }) => sum + section.length, 0);
  const abstract = (path: string) => path.slice(table.location.length + 1);
  const namedBy = (id: bigint | undefined) =>
    new Set(table.snapshots.find((one) => one.id === id)?.manifests.map(({ path }) => abstract(path)));
  const [current, parent] = [namedBy(table.current?.id), namedBy(table.current?.parent)];
  const [src, runs] = [`${world.uri('src')}/`, `${world.uri('repo')}/runs/`];
  const verified = await world.verify({ name });
  expect(verified.problems).toEqual([]);
  expect(verified.checked.files).toBe(backup?.tables[0]?.files.total);
  expect(backup?.tables[0]?.files.total).toBe(table.live().size);
  return {
    requests: faults.log.length,
    metadata: { files: fresh.length, bytes: sizes.reduce((sum, size) => sum + size, 0) },
    copied: faults.done('copy').length,
    read: { source: bytesOf(src), repository: bytesOf(runs) },
    rest: reads.map(({ key }) => key).filter((key) => !key.startsWith(src) && !key.startsWith(runs)),
    root: before.length,
    gone: sections((path) => !after.manifests.some((manifest) => manifest.path === path)),
    left: sections((path) => parent.has(path) && !current.has(path)),
    pieces: faults.done('read').filter((key) => key.includes('/pack-')).length,
  };
}

/** The bound; of SET LOCATION, and where sections lie in several packs, `pieces` come on top. */
const most = ({ metadata, copied }: Cost) => 20 + 2 * metadata.files + copied;

/** Bytes between two sections that one request may bring. */
const GAP = 4096;

const BOUNDED = ['append', 'only a property', 'compaction', 'expire', 'delete', 'merge', 'append after SET LOCATION'];

/** By size of the table. */
const requests = new Map<number, Readonly<Record<string, number>>>();

describe.each([10, 300])('of a table of %i manifests and snapshots', { timeout: 120_000 }, (size) => {
  let world: World;
  let table: TableWriter;
  const costs = new Map<string, Cost>();
  const cost = (what: string) => costs.get(what) as Cost;
  const named = (...names: readonly number[]) => {
    return (path: string) => names.some((n) => path.endsWith(`/f-${n}.parquet`));
  };

  beforeAll(async () => {
    world = await World.open();
    table = await world.table();
    for (let i = 0; i < size; i++) await table.append([someBytes(`${i}`), someBytes(`${i}, too`)]);
    world.publish(table);
    await world.backup({ name: 'base' });
    const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['append', () => table.append([someBytes('appended')])],
      ['only a property', () => table.writeMetadata()],
      ['compaction', () => table.overwrite(named(10, 11), [someBytes('compacted')])],
      ['expire', () => table.expire(1)],
      ['delete', () => table.overwrite(named(14))],
      ['merge', () => table.rewriteManifests(3)],
      ['expire after a merge', () => table.expire(1)],
    ];
    let base = 'base';
    for (const [what, step] of steps) {
      await step();
      const name = what.replaceAll(' ', '-');
      costs.set(what, await measure(world, table, name, base));
      base = name;
    }
    await table.setLocation(world.uri('src', 'db/moved'));
    await table.append([someBytes('after the move')]);
    costs.set('SET LOCATION', await measure(world, table, 'moved', base));
    await table.append([someBytes('and later')]);
    costs.set('append after SET LOCATION', await measure(world, table, 'later', 'moved'));
    requests.set(size, Object.fromEntries(BOUNDED.map((what) => [what, cost(what).requests])));
  }, 120_000);

  test.each(BOUNDED)('%s: at most 20 requests, 2 for each new metadata file and 1 for each new content file', (what) => {
    const { requests, rest } = cost(what);
    expect(requests).toBeLessThanOrEqual(most(cost(what)));
    // The repository's record, the base's (again right before the commit), and whether the name is free.
    expect(rest.filter((key) => !/\/(bcn|backups\/[a-z-]+)\.json$/.test(key))).toEqual([]);
  });

  test.each(['expire after a merge', 'SET LOCATION'])('%s: at most these and one for each piece of a pack', (what) => {
    expect(cost(what).requests).toBeLessThanOrEqual(most(cost(what)) + cost(what).pieces);
    // The packs of the backups before.
    expect(cost(what).pieces).toBeLessThanOrEqual(6);
  });

  test('what each of them copies and writes anew', () => {
    const found = Object.fromEntries([...costs].map(([what, { copied, metadata }]) => [what, [copied, metadata.files]]));
    expect(found).toEqual({
      append: [1, 3],
      'only a property': [0, 1],
      compaction: [1, 4],
      expire: [0, 1],
      delete: [0, 3],
      merge: [0, 3],
      'expire after a merge': [0, 1],
      // Every metadata file, since all of them are abstract against the location: two lists, metadata.json, and of manifests one for three, two of compaction, two appended.
      'SET LOCATION': [1, 2 + 1 + (size - 3 + 1 + 3)],
      'append after SET LOCATION': [1, 3],
    });
  });

  test.each(['append', 'only a property', 'append after SET LOCATION'])(
    '%s: reads the new metadata files and the ROOT of the base, and no section',
    (what) => {
      const { read, metadata, root, pieces } = cost(what);
      expect(read).toEqual({ source: metadata.bytes, repository: root });
      expect(pieces).toBe(0);
    },
  );

  test.each(['delete', 'merge'])('%s: reads of the inventory the sections of manifests that left, and nothing else', (what) => {
    const { read, metadata, root, left, gone } = cost(what);
    expect(read).toEqual({ source: metadata.bytes, repository: root + left });
    expect(left).toBeGreaterThan(0);
    // No snapshot expired.
    expect(gone).toBe(0);
  });

  test('compaction: nothing was carried over, so no section is read', () => {
    const { read, metadata, root } = cost('compaction');
    expect(read).toEqual({ source: metadata.bytes, repository: root });
  });

  test('expire: reads metadata.json, and of the inventory the sections of manifests that are gone', () => {
    const { read, metadata, root, gone } = cost('expire');
    expect(read).toEqual({ source: metadata.bytes, repository: root + gone });
    expect(gone).toBeGreaterThan(0);
  });

  test('expire after a merge: reads beside them the sections of the manifests that took their files over, and no others', async () => {
    const { read, metadata, root, gone, pieces } = cost('expire after a merge');
    const committed = (await world.commit('expire-after-a-merge'))?.tables[0];
    const { manifests } = await readRoot(world.place(), committed as NonNullable<typeof committed>);
    const carrying = manifests.filter(({ adds }) => !adds).reduce((sum, { section }) => sum + section.length, 0);
    expect(carrying).toBeGreaterThan(0);
    expect(read.source).toBe(metadata.bytes);
    expect(read.repository).toBeGreaterThanOrEqual(root + gone + carrying);
    expect(read.repository).toBeLessThanOrEqual(root + gone + carrying + GAP * (pieces + 1));
  });

  test('SET LOCATION: reads all metadata and the whole inventory, once', () => {
    const { read, metadata, root, gone } = cost('SET LOCATION');
    expect(read.source).toBe(metadata.bytes);
    expect(read.repository).toBeGreaterThanOrEqual(root + gone);
    expect(read.repository).toBeLessThanOrEqual(root + gone + GAP * 6);
  });

  test('after all of them the table comes back, with what lies outside its new location', async () => {
    const target = { namespace: ['db'], name: `r${size}` };
    const targetLocation = world.uri('wh', `db/r${size}`);
    const { metadataLocation = '' } = await world.restore({ backupName: 'later', target, targetLocation });
    const objects = new Map([...(await world.dump('src')), ...(await world.dump('wh'))]);
    const read = (uri: string) => Buffer.from(objects.get(uri) as string, 'base64');
    const [source, restored] = [await seeTable(table.metadataLocation, read), await seeTable(metadataLocation, read)];
    expect(restored.snapshots).toEqual(source.snapshots);
    expect([...restored.paths].filter((path) => !path.startsWith(targetLocation))).toEqual([]);
  });
});

test('the requests do not grow with the table', () => {
  expect(requests.get(300)).toEqual(requests.get(10));
  expect(Object.keys(requests.get(10) ?? {})).toEqual(BOUNDED);
});
