import { fixture } from '../iceberg/deletes/support.js';
import { Faults } from '../support/faults.js';
import { FreeTable } from '../support/free-table.js';
import { ORC } from '../support/rows.js';
import { someBytes } from '../support/table.js';
import { World } from '../support/world.js';

const HOUR = 3_600_000;
const T = 'memory://src/t';
const A = `${T}/data/a.parquet`;
const FAR = 'memory://src/far/f.parquet';

/** Kinds of objects, by their key. Content is told apart by the name of its file. */
const KINDS = {
  record: /^bcn\.json$/,
  commit: /^backups\/[^@]*\.json$/,
  mark: /@purged-/,
  repair: /^events\/.*-repaired/,
  event: /^events\/.*-(?!repaired)[a-z]+\.json$/,
  hint: /^tables\/[^!]*$/,
  'mark of a hint': /^tables\/.*!/,
  begin: /\/begin\.json$/,
  beat: /\/beat-/,
  end: /\/end$/,
  root: /\/root\.ndjson\.gz$/,
  pack: /\/pack-/,
  metadata: /\/metadata\.json$/,
  list: /\/lists\//,
  manifest: /\/manifests\//,
  data: /\/data\/src\/.*\/?(?:a\d?|f)\.parquet$/,
  'position deletes': /\/data\/src\/.*\/d\d?\.(?:parquet|avro|orc)$/,
  'equality deletes': /\/data\/src\/.*\/eq\d?\.parquet$/,
  vectors: /\/data\/src\/.*\/v\d?\.puffin$/,
  statistics: /\/data\/src\/.*\/s\d?\.puffin$/,
} as const;

export type Kind = keyof typeof KINDS;
export const kinds = Object.keys(KINDS) as readonly Kind[];

/**
 * A repository with two objects or more of every kind. Backups: `old` of the table `db.t`, `new` of it one snapshot later, which shares what `old` holds; `other` of a table of its
 * own, `fixed` of it, which was damaged and repaired, `gone`, deleted and past its grace, `half`, a run that was interrupted.
 */
export async function repository(): Promise<World> {
  const world = await World.open();
  const other = await world.table({}, 'db/u');
  await other.append([someBytes('u')]);
  world.publish(other, 'db.u');
  const u = { namespace: ['db'], name: 'u' };
  await world.backup({ name: 'gone', tables: [u], fresh: true });
  await world.delete('gone');
  const table = new FreeTable(world, T);
  const a = await table.put(A, someBytes('a'));
  const far = await table.put(FAR, someBytes('f'));
  const data = await table.manifest([a, far]);
  const avro = await table.putDeletes(`${T}/data/d1.avro`, [
    [A, 1],
    [FAR, 3],
  ]);
  const parquet = await table.put(`${T}/data/d.parquet`, fixture('arrow-snappy-1.parquet'), { content: 1, records: 349 });
  const orc = await table.put(`${T}/data/d2.orc`, fixture(ORC), { content: 1, format: 'ORC', records: 200 });
  const eq = await table.put(`${T}/data/eq.parquet`, someBytes('eq'), { content: 2 });
  const first = await table.commit([data, await table.manifest([avro, parquet, orc, eq])]);
  table.statistics = [{ ...(await table.put(`${T}/metadata/s1.puffin`, someBytes('s1'))), snapshot: first }];
  await table.write();
  await world.backup({ name: 'old' });
  const a2 = await table.put(`${T}/data/a2.parquet`, someBytes('a2'));
  const eq2 = await table.put(`${T}/data/eq2.parquet`, someBytes('eq2'), { content: 2 });
  const [v1, v2] = [await table.putVectors(`${T}/data/v1.puffin`, [A]), await table.putVectors(`${T}/data/v2.puffin`, [FAR])];
  const second = await table.commit([data, await table.manifest([a2]), await table.manifest([...v1, ...v2, eq2])]);
  table.statistics = [
    ...table.statistics,
    { ...(await table.put(`${T}/metadata/s2.puffin`, someBytes('s2'))), snapshot: second },
  ];
  await table.write();
  world.now += 20 * HOUR;
  const faults = new Faults();
  await world.fork().backup({ name: 'half', fresh: true }, faults);
  world.now += HOUR;
  await world.backup({ name: 'half', fresh: true }, new Faults('crash-before', faults.ops - 4)).catch(() => {});
  const half = (await world.keys('repo', 'runs/')).at(-1)?.split('/')[1];
  const beat = world.uri('repo', `runs/${half}/beat-${world.now}`);
  for (const n of ['0', '1']) await world.put(`${beat}-0000000${n}`, '');
  await world.backup({ name: 'new' });
  await world.backup({ name: 'other', tables: [u], fresh: true });
  await world.backup({ name: 'fixed', tables: [u], fresh: true });
  const run = (await world.commit('fixed'))?.run;
  await world.remove(world.uri('repo', (await world.keys('repo', `runs/${run}/data/`))[0] as string));
  await world.verify({ name: 'fixed', record: true });
  await world.repair({ names: ['fixed'] });
  // Events of which the last decides, and what prunes leave.
  await world.delete('new');
  await world.undelete('new');
  for (const n of ['0', '1']) await world.put(world.uri('repo', `backups/x${n}.json@purged-0000000${n}-0123456789abcdef`), '');
  world.now += 4 * HOUR;
  return world;
}

/** Keys of a kind; those that are `needed` come first. */
export async function keysOf(world: World, kind: Kind, needed: ReadonlySet<string>): Promise<readonly string[]> {
  const all = (await world.keys('repo')).filter((key) => KINDS[kind].test(key));
  return [...all.filter((key) => needed.has(key)), ...all.filter((key) => !needed.has(key))];
}

/** Keys without which a backup cannot come back: each was removed, and verify said so. */
export async function neededBy(world: World, name: string): Promise<ReadonlySet<string>> {
  const found = new Set([`backups/${name}.json`]);
  for (const key of await world.keys('repo', 'runs/')) {
    const there = world.fork();
    await there.remove(there.uri('repo', key));
    if ((await there.verify({ name, readData: false })).problems.length > 0) found.add(key);
  }
  return found;
}
