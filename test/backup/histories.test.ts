import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRoot } from '../../src/repository/root.js';
import { Faults } from '../support/faults.js';
import { someBytes, type TableOptions, type TableWriter } from '../support/table.js';
import { failure, World } from '../support/world.js';

type Step =
  | { readonly kind: 'append' | 'expire' | 'merge'; readonly n: number }
  | { readonly kind: 'overwrite'; readonly n: number; readonly adds: boolean }
  | { readonly kind: 'rollback'; readonly n: number }
  | { readonly kind: 'move' | 'property' }
  | { readonly kind: 'lose' | 'return'; readonly n: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('append' as const), n: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('overwrite' as const), n: fc.nat(20), adds: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('merge' as const), n: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('expire' as const), n: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollback' as const), n: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('move' as const, 'property' as const) }) },
);

/** With files that vanish from the source, and come back. */
const damaging: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: step },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('lose' as const, 'return' as const), n: fc.nat(20) }) },
);

let seed = 0;

async function take(table: TableWriter, world: World, one: Step, lost: Map<string, Buffer>): Promise<void> {
  const live = table.current?.manifests.flatMap((manifest) => manifest.live) ?? [];
  if (one.kind === 'append') await table.append(Array.from({ length: one.n }, () => someBytes(`${seed++}`, 40)));
  else if (one.kind === 'merge') await table.rewriteManifests(one.n);
  else if (one.kind === 'expire') await table.expire(one.n);
  else if (one.kind === 'lose') {
    const path = [...table.live().keys()].filter((other) => !lost.has(other))[one.n % 7];
    if (path === undefined) return;
    lost.set(path, await world.get(path));
    await world.remove(path);
  } else if (one.kind === 'return') {
    const [path, bytes] = [...lost][one.n % Math.max(lost.size, 1)] ?? [];
    if (path === undefined || bytes === undefined) return;
    await world.put(path, bytes);
    lost.delete(path);
  } else if (one.kind === 'overwrite') {
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

/**
 * Each backup's totals are those of an independent count, it copies what the one before does not hold, and nothing else, and it is whole; but for files that the source lacks, of
 * which it names all.
 */
async function live(options: TableOptions, rounds: readonly (readonly Step[])[]): Promise<void> {
  const world = await World.open();
  const table = await world.table(options);
  await table.append([someBytes('first', 40), someBytes('second', 40)]);
  let held = new Set<string>();
  const lost = new Map<string, Buffer>();
  for (const [i, steps] of rounds.entries()) {
    for (const one of steps) await take(table, world, one, lost);
    world.publish(table);
    const faults = new Faults();
    const now = table.live();
    const missing = [...now.keys()].filter((path) => !held.has(path) && lost.has(path));
    if (missing.length > 0) await failure(world.fork().backup({ name: `b${i}` }), 'corrupt');
    const { backup, plan } = await world.backup({ name: `b${i}`, allowMissing: missing.length > 0 }, faults);
    const there = [...now.keys()].filter((path) => !missing.includes(path));
    const fresh = there.filter((path) => !held.has(path));
    const bytes = (paths: readonly string[]) => paths.reduce((sum, path) => sum + (now.get(path) ?? 0), 0);
    const amounts = { files: { total: there.length, new: fresh.length }, bytes: { total: bytes(there), new: bytes(fresh) } };
    const lacks = { files: missing.length, bytes: bytes(missing) };
    expect(backup?.tables[0]).toMatchObject({ ...amounts, missing: missing.length > 0 ? lacks : null });
    expect(plan?.data.reused.objects).toBe(there.length - fresh.length);
    const name = (uri: string) => uri.slice(uri.lastIndexOf('/') + 1);
    expect(faults.done('copy').map(name).sort()).toEqual(fresh.map(name).sort());
    const verified = await world.verify({ name: `b${i}` });
    expect(verified).toMatchObject({ problems: [], checked: { files: there.length, missing: lacks } });
    const root = await rootOf(world, `b${i}`);
    expect(root.manifests.length).toBe(
      new Set(table.snapshots.flatMap(({ manifests }) => manifests.map(({ path }) => path))).size,
    );
    held = new Set(there);
  }
}

const rounds = (steps: fc.Arbitrary<Step>) =>
  fc.array(fc.array(steps, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });

test.each([
  ['v2', { formatVersion: 2 }, step],
  ['v1', { formatVersion: 1 }, step],
  ['v1, manifests in place', { formatVersion: 1, embedded: true }, step],
  ['v2, losing files', { formatVersion: 2 }, damaging],
] as const)(
  'any history of a table, %s: totals are exact, and nothing is copied twice',
  { timeout: 120_000 },
  async (_, options, steps) => {
    await fc.assert(
      fc.asyncProperty(rounds(steps), (all) => live(options, all)),
      { numRuns: Number(process.env.BCN_MODEL_RUNS ?? 40) },
    );
  },
);
