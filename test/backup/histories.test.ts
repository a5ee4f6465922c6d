import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRoot } from '../../src/repository/root.js';
import { Faults } from '../support/faults.js';
import { someBytes, type TableOptions, type TableWriter } from '../support/table.js';
import { World } from '../support/world.js';

type Step =
  | { readonly kind: 'append' | 'expire' | 'merge'; readonly n: number }
  | { readonly kind: 'overwrite'; readonly n: number; readonly adds: boolean }
  | { readonly kind: 'rollback'; readonly n: number }
  | { readonly kind: 'move' | 'property' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('append' as const), n: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('overwrite' as const), n: fc.nat(20), adds: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('merge' as const), n: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('expire' as const), n: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollback' as const), n: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('move' as const, 'property' as const) }) },
);

let seed = 0;

async function take(table: TableWriter, world: World, one: Step): Promise<void> {
  const live = table.current?.manifests.flatMap((manifest) => manifest.live) ?? [];
  if (one.kind === 'append') await table.append(Array.from({ length: one.n }, () => someBytes(`${seed++}`, 40)));
  else if (one.kind === 'merge') await table.rewriteManifests(one.n);
  else if (one.kind === 'expire') await table.expire(one.n);
  else if (one.kind === 'overwrite') {
    const path = live[one.n % Math.max(live.length, 1)]?.path;
    if (path) await table.overwrite((other) => other === path, one.adds ? [someBytes(`${seed++}`, 40)] : []);
  } else if (one.kind === 'rollback') {
    const to = table.snapshots.at(-1 - (one.n % table.snapshots.length));
    if (to) await table.rollback(to.id);
  } else if (one.kind === 'move') await table.setLocation(world.uri('src', `db/at${seed++}`));
  else await table.writeMetadata();
}

async function rootOf(world: World, name: string) {
  const committed = (await world.commit(name))?.tables[0];
  return readRoot(world.place(), committed as NonNullable<typeof committed>);
}

/** Each backup's totals are those of an independent count, it copies what the one before does not hold, and nothing else, and it is whole. */
async function live(options: TableOptions, rounds: readonly (readonly Step[])[]): Promise<void> {
  const world = await World.open();
  const table = await world.table(options);
  await table.append([someBytes('first', 40), someBytes('second', 40)]);
  let before = new Map<string, number>();
  for (const [i, steps] of rounds.entries()) {
    for (const one of steps) await take(table, world, one);
    world.publish(table);
    const faults = new Faults();
    const { backup, plan } = await world.backup({ name: `b${i}` }, faults);
    const now = table.live();
    const fresh = [...now.keys()].filter((path) => !before.has(path));
    const bytes = (paths: Iterable<string>) => [...paths].reduce((sum, path) => sum + (now.get(path) ?? 0), 0);
    const amounts = { files: { total: now.size, new: fresh.length }, bytes: { total: bytes(now.keys()), new: bytes(fresh) } };
    expect(backup?.tables[0]).toMatchObject(amounts);
    expect(plan?.data.reused.objects).toBe(now.size - fresh.length);
    const name = (uri: string) => uri.slice(uri.lastIndexOf('/') + 1);
    expect(faults.done('copy').map(name).sort()).toEqual(fresh.map(name).sort());
    expect(await world.verify({ name: `b${i}` })).toMatchObject({ problems: [], checked: { files: now.size } });
    const root = await rootOf(world, `b${i}`);
    expect(root.manifests.length).toBe(
      new Set(table.snapshots.flatMap(({ manifests }) => manifests.map(({ path }) => path))).size,
    );
    before = now;
  }
}

const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });

test.each([
  ['v2', { formatVersion: 2 }],
  ['v1', { formatVersion: 1 }],
  ['v1, manifests in place', { formatVersion: 1, embedded: true }],
] as const)(
  'any history of a table, %s: totals are exact, and nothing is copied twice',
  { timeout: 120_000 },
  async (_, options) => {
    await fc.assert(
      fc.asyncProperty(rounds, (all) => live(options, all)),
      { numRuns: Number(process.env.BCN_MODEL_RUNS ?? 40) },
    );
  },
);
