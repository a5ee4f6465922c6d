import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure } from '../support/world.js';
import { DAY, HOUR, PREFIX, VersionedWorld } from './versioned-world.js';

const total = (amounts: Readonly<Record<string, { readonly objects: number }>>) =>
  Object.values(amounts).reduce((sum, { objects }) => sum + objects, 0);

async function prepare() {
  const there = await VersionedWorld.open();
  await there.twoBackups();
  return { there, world: there.world, store: there.store, needed: await there.needs('second') };
}

test('without --versions everything stays as noncurrent versions, and it says so', async () => {
  const { there, world } = await prepare();
  expect((await world.prune()).versioned).toBeUndefined();
  const before = await there.needs('first');
  await world.delete('first');
  world.now += DAY + HOUR;
  const pruned = await world.prune();
  expect(pruned).toMatchObject({ backups: ['first'], versioned: true, removed: { versions: { objects: 0 } } });
  expect(await there.lost(before)).toEqual([]);
});

test('with --versions what earlier prunes left goes when the grace is over, to the last marker; what others need stays', async () => {
  const { there, world, needed } = await prepare();
  await world.delete('first');
  world.now += DAY + HOUR;
  await world.prune();
  const files = await there.keysKept('runs/');
  const done = await world.prune({ versions: true });
  expect(done.removed.versions.objects).toBeGreaterThan(0);
  expect(done.removed.versions.bytes).toBeGreaterThan(0);
  expect(done).not.toHaveProperty('versioned');
  expect((await there.keysKept('runs/')).length).toBeLessThan(files.length);
  expect(await there.lost(needed)).toEqual([]);
  // Records are told for another grace.
  expect(await there.keysKept('backups/')).toContain('backups/first.json');
  for (let i = 0; i < 3; i++) {
    world.now += DAY + HOUR;
    await world.prune({ versions: true });
  }
  expect((await there.versions()).filter(({ marker }) => marker)).toEqual([]);
  expect(await there.keysKept('backups/')).toEqual(['backups/second.json']);
  expect(await there.keysKept('events/')).toEqual([]);
  expect((await world.verify({ name: 'second' })).problems).toEqual([]);
  expect(total((await world.prune({ versions: true })).removed)).toBe(0);
});

test('after everything is deleted only the record of the repository is left, of whatever prunes there were', async () => {
  const { there, world } = await prepare();
  for (const name of ['first', 'second']) await world.delete(name);
  for (let i = 0; i < 5; i++) {
    world.now += DAY + HOUR;
    await world.prune({ versions: i % 2 === 0 });
  }
  world.now += DAY + HOUR;
  await world.prune({ versions: true });
  expect((await there.versions()).map(({ key }) => key)).toEqual([`${PREFIX}bcn.json`]);
});

test('a dry run says the same and removes nothing', async () => {
  const { there, world } = await prepare();
  await world.delete('first');
  world.now += DAY + HOUR;
  await world.prune();
  world.now += DAY + HOUR;
  const before = await there.versions();
  const planned = await world.prune({ versions: true, dryRun: true });
  expect(await there.versions()).toEqual(before);
  expect((await world.prune({ versions: true })).removed.versions).toEqual(planned.removed.versions);
});

test('the versions of an object that was replaced stay, and so does what a delete marker hides', async () => {
  const { there, world, store, needed } = await prepare();
  const [content = '', other = ''] = (await there.keysKept('runs/')).filter((key) => key.endsWith('.parquet')).slice(-2);
  store.overwrite(PREFIX + content, 'worthless');
  await store.delete([PREFIX + other]);
  await world.delete('first');
  for (let i = 0; i < 4; i++) {
    world.now += DAY + HOUR;
    await world.prune({ versions: true });
  }
  expect(await there.lost(needed)).toEqual([]);
  const [top] = await there.versions(content);
  await store.versions.delete(top ? [top] : []);
  await there.bringBack(other);
  expect((await world.verify({ name: 'second' })).problems).toEqual([]);
});

test('a record that somebody removed without bcn: nothing is removed until it is back', async () => {
  const { there, world, store, needed } = await prepare();
  await world.delete('first');
  world.now += 2 * DAY;
  await store.delete([`${PREFIX}backups/second.json`]);
  const before = await there.versions();
  const error = await failure(world.prune({ versions: true }), 'corrupt');
  expect(error).toMatchObject({ exit: 32, object: 'memory://versioned/repo/backups/second.json' });
  expect(error.message).toMatch(/nobody has deleted with bcn.*Nothing was removed/);
  expect(await there.versions()).toEqual(before);
  // A prune that does not look at versions hides what it takes, and loses nothing.
  await world.prune();
  expect(await there.lost(needed)).toEqual([]);
  await failure(world.prune({ versions: true }), 'corrupt');
  for (const key of await there.keysKept()) await there.bringBack(key);
  expect((await world.verify({ name: 'second' })).problems).toEqual([]);
});

test('a record below one that replaced it: nothing is removed', async () => {
  const { there, world, store, needed } = await prepare();
  const first = (await store.get(`${PREFIX}backups/first.json`)).bytes.toString();
  // A copy of another backup's record: it reads well.
  store.overwrite(`${PREFIX}backups/second.json`, first);
  await failure(world.prune({ versions: true }), 'corrupt');
  store.overwrite(`${PREFIX}backups/second.json`, 'x');
  await store.delete([`${PREFIX}backups/second.json`]);
  const error = await failure(world.prune({ versions: true }), 'corrupt');
  expect(error.message).toMatch(/version v\d+ is/);
  expect(await there.lost(needed)).toEqual([]);
});

test('the name of a pruned backup may be used again, and its old record goes in the end', async () => {
  const { there, world } = await prepare();
  await world.delete('first');
  world.now += DAY + HOUR;
  await world.prune({ versions: true });
  world.now += DAY + HOUR;
  await world.prune();
  await world.backup({ name: 'first', fresh: true });
  const needed = await there.needs('first');
  world.now += DAY + HOUR;
  await world.prune({ versions: true });
  expect(await there.lost(needed.filter((one) => !one.includes('/backups/')))).toEqual([]);
  expect((await world.verify({ name: 'first' })).problems).toEqual([]);
});

test('an event that took a delete back still counts when somebody hides it', async () => {
  const { there, world, store, needed } = await prepare();
  await world.delete('second');
  await world.undelete('second');
  const undeleted = (await there.keysKept('events/')).find((key) => key.includes('-undeleted')) ?? '';
  await store.delete([PREFIX + undeleted]);
  world.now += 2 * DAY;
  expect((await world.prune({ versions: true })).backups).toEqual([]);
  expect(await there.lost(needed)).toEqual([]);
  await there.bringBack(undeleted);
  expect((await world.verify({ name: 'second' })).problems).toEqual([]);
});

test('under a lock: the rest goes, what stays is counted and until when is said; afterwards it goes', async () => {
  const there = await VersionedWorld.open();
  const { world, store } = there;
  store.lockUntil = world.now + 10 * DAY;
  await world.backup({ name: 'first' });
  store.lockUntil = 0;
  await world.backup({ name: 'second', fresh: true });
  for (const name of ['first', 'second']) await world.delete(name);
  world.now += DAY + HOUR;
  const pruned = await world.prune({ versions: true });
  expect(pruned.backups).toEqual(['first', 'second']);
  expect(pruned.locked.objects).toBeGreaterThan(3);
  expect(pruned.lockedObject).toMatch(/^memory:\/\/versioned\/repo\/runs\//);
  expect(pruned.lockedUntil).toBe(Math.max(...(await lockTimes(there))));
  const runs = new Set((await there.keysKept('runs/')).map((key) => key.split('/')[1]));
  expect(runs.size).toBe(1);
  world.now += 10 * DAY;
  for (let i = 0; i < 3; i++) {
    expect((await world.prune({ versions: true })).locked.objects).toBe(0);
    world.now += DAY + HOUR;
  }
  expect(await there.keysKept()).toEqual(['bcn.json']);
});

async function lockTimes({ store }: VersionedWorld): Promise<readonly number[]> {
  const times: number[] = [];
  for await (const { key, version } of store.versions.list(PREFIX)) {
    const until = await store.versions.lockedUntil(key, version);
    if (until !== undefined) times.push(until);
  }
  return times;
}

test('cut at every request: what is needed stays, and a rerun ends at the same', { timeout: 60_000 }, async () => {
  const open = async () => {
    const { there, world, needed } = await prepare();
    await world.delete('first');
    world.now += DAY + HOUR;
    await world.prune();
    world.now += DAY + HOUR;
    await world.backup({ name: 'gone', fresh: true });
    await world.delete('gone');
    world.now += DAY + HOUR;
    return { there, world, needed };
  };
  const end = async ({ there, world }: Awaited<ReturnType<typeof open>>, faults = new Faults()) => {
    await world.prune({ versions: true }, faults).catch(() => undefined);
    await world.prune({ versions: true });
    world.now += DAY + HOUR;
    await world.prune({ versions: true });
    // Each attempt says first what it is about to remove.
    const kept = (await there.keysKept()).filter((key) => !/@purged-|-purged\.json$/.test(key));
    return kept.map((key) => key.replace(/[0-9a-f]{16,}/g, '…'));
  };
  const counted = new Faults();
  const expected = await end(await open(), counted);
  expect(counted.ops).toBeGreaterThan(15);
  for (let at = 0; at < counted.ops; at++) {
    const cut = await open();
    expect(await end(cut, new Faults('crash-after', at)), `after request ${at}`).toEqual(expected);
    expect(await cut.there.lost(cut.needed)).toEqual([]);
  }
});

/** Attacks may make a command refuse; anything else is a bug. */
const refusal = (error: unknown): undefined => {
  if (!(error instanceof BcnError)) throw error;
};

/** What may befall a repository. `hide` and `replace` are of somebody else, with the key of a backup or of a prune. */
const STEP = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('backup' as const), fresh: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), nth: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('undelete' as const), nth: fc.nat(5) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('prune' as const), versions: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.constantFrom(1, 6, 13, 25, 50) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('hide' as const), nth: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replace' as const), nth: fc.nat(200) }) },
);

test('whatever happens, no version that an undeleted backup needs is removed', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 6, maxLength: 24 }), async (steps) => {
      const there = await VersionedWorld.open();
      const { world, store, table } = there;
      const made: string[] = [];
      const needed = new Map<string, readonly string[]>();
      /** Names by when they were deleted. */
      const deleted = new Map<string, number>();
      for (const step of steps) {
        if (step.do === 'wait') world.now += step.hours * HOUR;
        else if (step.do === 'backup') {
          const name = `b${made.length}`;
          await table.append([someBytes(name)]);
          world.publish(table);
          const done = await world.backup({ name, fresh: step.fresh }).catch(refusal);
          const needs = done && (await there.needs(name).catch(refusal));
          if (needs) {
            made.push(name);
            needed.set(name, needs);
          }
        } else if (step.do === 'delete' || step.do === 'undelete') {
          const name = made[step.nth % Math.max(1, made.length)];
          if (name === undefined) continue;
          const at = world.now;
          const done = await (step.do === 'delete' ? world.delete(name) : world.undelete(name)).catch(refusal);
          if (done && step.do === 'delete' && !deleted.has(name)) deleted.set(name, at);
          if (done && step.do === 'undelete') deleted.delete(name);
        } else if (step.do === 'prune') await world.prune({ versions: step.versions }).catch(refusal);
        else {
          const keys: string[] = [];
          for await (const { objects } of store.list(PREFIX)) keys.push(...objects.map(({ key }) => key));
          const key = keys[step.nth % keys.length];
          if (key === undefined) continue;
          if (step.do === 'hide') await store.delete([key]);
          else store.overwrite(key, 'worthless');
        }
        for (const [name, needs] of needed) {
          const since = deleted.get(name);
          if (since !== undefined && world.now - since > DAY) needed.delete(name);
          else expect(await there.lost(needs), `after ${JSON.stringify(step)}: ${name}`).toEqual([]);
        }
      }
    }),
    { numRuns: Number(process.env.BCN_MODEL_RUNS ?? 40) },
  );
});
