import { describe, expect, test } from 'vitest';
import { isCode } from '../../src/errors.js';
import { listBackups } from '../../src/repository/list.js';
import { loadBackup } from '../../src/repository/load.js';
import { type Captured, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { retell } from '../support/retold.js';
import { failure, type World } from '../support/world.js';
import { prepare } from './weak-world.js';

type Settled = PromiseSettledResult<Awaited<ReturnType<World['backup']>>>;

/** Nothing is lost: who was told of a backup finds that very backup, and every backup is whole. Returns how many there are of the name. */
async function settle(world: World, captured: Captured, results: readonly Settled[], name = 'b'): Promise<number> {
  const { backups, damaged } = await listBackups(world.place());
  expect(damaged).toEqual([]);
  const named = backups.filter((backup) => backup.name === name);
  const ids = named.map(({ id }) => id);
  const told = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.backup?.id] : []));
  expect(told.length).toBeGreaterThan(0);
  for (const id of told) expect(ids).toContain(id);
  for (const result of results) if (result.status === 'rejected' && !isCode(result.reason, 'backup-exists')) throw result.reason;
  expect(new Set(named.map(({ selector }) => selector)).size).toBe(named.length);
  for (const { selector, run } of named) {
    expect(selector).toMatch(new RegExp(`^${name}@${run.slice(17)}-[0-9a-f]{8}$`));
    expect((await world.verify({ name: selector })).problems).toEqual([]);
    const target = { namespace: ['db'], name: selector };
    const targetLocation = world.uri('wh', `db/${selector}`);
    await expectTable(world, captured, (await world.restore({ backupName: selector, target, targetLocation })) as Restored);
  }
  return named.length;
}

describe.each(['late', 'blind'] as const)('where a create is %s', (weak) => {
  test.each([[[]], [['base']]])(
    'another process with the same command runs inside any create of the first, after %j',
    async (others) => {
      const { world: before, captured } = await prepare(weak, others);
      let creates = 0;
      const counting = before.fork();
      counting.gap = async () => void creates++;
      await counting.backup();
      expect(creates).toBeGreaterThan(5);
      let twice = 0;
      for (let at = 0; at < creates; at++) {
        const world = before.fork();
        const results: Settled[] = [];
        let n = 0;
        world.gap = async () => {
          if (n++ === at) results.push(...(await Promise.allSettled([world.backup()])));
        };
        results.push(...(await Promise.allSettled([world.backup()])));
        expect(results).toHaveLength(2);
        if ((await settle(world, captured, results)) > 1) twice++;
      }
      // At least in the gap of the COMMIT itself.
      expect(twice).toBeGreaterThan(0);
      expect(twice).toBeLessThan(creates);
    },
  );

  test('two processes in many interleavings, also as the first of a repository', { timeout: 60_000 }, async () => {
    let seed = 1;
    const random = (n: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % n;
    };
    const wait = async () => {
      for (let i = random(4); i > 0; i--) await new Promise((resolve) => setImmediate(resolve));
    };
    const seen = new Set<number>();
    for (let round = 0; round < 20; round++) {
      const { world, captured } = await prepare(weak, round % 2 === 0 ? [] : ['base']);
      world.gap = wait;
      const slow = () => world.backup({}, new Faults(undefined, 0, wait));
      seen.add(await settle(world, captured, await Promise.allSettled([slow(), slow()])));
    }
    expect(seen).toContain(2);
  });

  test('two processes that continue one killed run overwrite nothing, and the name still means one moment', async () => {
    const { world: before, captured } = await prepare(weak, ['base']);
    const all = new Faults();
    await before.fork().backup({}, all);
    const commit = all.log.findIndex(({ op, key }) => op === 'create' && key.includes('/backups/'));
    await before.backup({}, new Faults('crash-before', commit)).catch(() => {});
    const results: Settled[] = [];
    let met = false;
    before.gap = async (key) => {
      if (met || !key.includes('/backups/')) return;
      met = true;
      results.push(...(await Promise.allSettled([before.backup()])));
    };
    results.push(...(await Promise.allSettled([before.backup()])));
    expect(await settle(before, captured, results)).toBe(2);
    const { backups } = await listBackups(before.place());
    expect(new Set(backups.filter(({ name }) => name === 'b').map(({ run }) => run)).size).toBe(1);
    expect(before.notes.filter((note) => note.includes('made at the same time'))).toEqual([]);
    await expectTable(before, captured, (await before.restore()) as Restored);
  });
});

test('when only one of two first backups finds the store out, both backups are found all the same', async () => {
  const mistaken = (pause: () => Promise<void>) => {
    class Mistaken extends Faults {
      override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
        const result = await super.run(op, key, call);
        await pause();
        return op === 'probeCreate' ? (true as T) : result;
      }
    }
    return new Mistaken();
  };
  const features = new Set<string>();
  for (let round = 0; round < 30; round++) {
    const { world, captured } = await prepare('late');
    const wait = (n: number) => async () => {
      for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve));
    };
    const processes = [mistaken(wait(round % 5)), new Faults(undefined, 0, wait(Math.floor(round / 5)))];
    const results = await Promise.allSettled(processes.map((faults) => world.backup({}, faults)));
    // Who comes so late that there is a record believes it.
    if (!processes.every(({ log }) => log.some(({ op }) => op === 'probeCreate'))) continue;
    features.add((await world.get(world.uri('repo', 'bcn.json'))).toString().includes('commits-by-run') ? 'by run' : 'by name');
    const { backups } = await listBackups(world.place());
    const ids = backups.map(({ id }) => id);
    for (const result of results) {
      if (result.status === 'rejected' && !isCode(result.reason, 'backup-exists')) throw result.reason;
      if (result.status === 'fulfilled') expect(ids).toContain(result.value.backup?.id);
    }
    for (const { selector } of backups) {
      const [target, targetLocation] = [{ namespace: ['db'], name: selector }, world.uri('wh', `db/${selector}`)];
      await expectTable(world, captured, (await world.restore({ backupName: selector, target, targetLocation })) as Restored);
    }
  }
  expect(features.size).toBeGreaterThan(0);
});

/** Does something right before a process looks for the name for the second time: before its commit. */
function beforeCommit(work: () => Promise<unknown>): Faults {
  let looks = 0;
  class Late extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      if (op === 'get' && key.endsWith('/backups/b.json') && ++looks === 2) await work();
      return super.run(op, key, call);
    }
  }
  return new Late();
}

test('a name that goes to another run while a backup is made is seen before its commit', async () => {
  const { world, captured } = await prepare('late', ['base']);
  const error = await failure(
    world.backup(
      {},
      beforeCommit(() => world.backup({ fresh: true })),
    ),
    'backup-exists',
  );
  expect(error.message).toContain('made 2026-01-10');
  const { backups } = await listBackups(world.place());
  expect(backups.map(({ name }) => name)).toEqual(['base', 'b']);
  await expectTable(world, captured, (await world.restore()) as Restored);
});

test('when the run was committed by another process that continued it, that is the backup, whoever else has the name', async () => {
  const { world } = await prepare('late', ['base']);
  const all = new Faults();
  await world.fork().backup({}, all);
  const commit = all.log.findIndex(({ op, key }) => op === 'create' && key.includes('/backups/'));
  await world.backup({}, new Faults('crash-before', commit)).catch(() => {});
  const other = await loadBackup(world.place(), 'base');
  const committed: unknown[] = [];
  const result = await world.backup(
    {},
    beforeCommit(async () => {
      committed.push((await world.backup()).backup?.id);
      // A backup of another run, before the other one in key order.
      await retell(world, other.selector, { name: 'b', run: '0123456789abcdef-0-other' });
    }),
  );
  expect([result.backup?.id]).toEqual(committed);
});

test('a copy of the repository on another store keeps working, whichever of the two is the weak one', async () => {
  for (const weak of ['late', undefined] as const) {
    const { world, captured } = await prepare('late');
    world.weak = weak;
    await world.backup({ name: 'old' });
    world.weak = weak ? undefined : 'late';
    expect((await failure(world.backup({ name: 'old' }), 'backup-exists')).object).toContain('/backups/old');
    const { backup, outcome } = await world.backup();
    expect(outcome).toBe('created');
    expect(backup?.selector === 'b').toBe(weak === undefined);
    expect((await world.verify({ name: 'old' })).problems).toEqual([]);
    await expectTable(world, captured, (await world.restore()) as Restored);
  }
});

test('a probe that fails fails the backup, and nothing visible is made', async () => {
  const { world } = await prepare('late');
  const all = new Faults();
  await world.fork().backup({}, all);
  const at = all.log.findIndex(({ op }) => op === 'probeCreate');
  await failure(world.backup({}, new Faults('once-before', at)), 'storage-unavailable');
  expect((await world.keys('repo')).filter((key) => !key.startsWith('runs/'))).toEqual([]);
  expect((await world.backup()).outcome).toBe('created');
});
