import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { checkLock, heartbeat, lock, type ShownLock, showLocks, unlock } from '../../src/catalog/hive/client-locks.js';
import { withTableLock } from '../../src/catalog/hive/locks.js';
import type { MetastoreUnderTest } from './metastore.js';

export const identOf = (on: MetastoreUnderTest, table: string) => ({ namespace: [on.database], name: table });
export const locksOf = (on: MetastoreUnderTest, table: string): Promise<readonly ShownLock[]> =>
  showLocks(on.client, { database: on.database, table }, {});
export const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );

/** Hive’s locks, and the lock a change is made under. */
export function lockConformance(subject: () => MetastoreUnderTest, contention: boolean): void {
  const asked = (table: string, agentInfo: string) => ({
    database: subject().database,
    table,
    user: 'tester',
    host: 'a-host',
    agentInfo,
  });

  describe('locks', () => {
    test('a second one waits, and is given when the first is given back', async () => {
      const on = subject();
      const first = await lock(on.client, asked('queue', 'first'), {});
      const second = await lock(on.client, asked('queue', 'second'), {});
      expect([first.state, second.state]).toEqual(['acquired', 'waiting']);
      expect((await checkLock(on.client, second.id, {})).state).toBe('waiting');
      const shown = await locksOf(on, 'queue');
      expect(shown.map(({ agentInfo, state, user, host }) => [agentInfo, state, user, host]).sort()).toEqual([
        ['first', 'acquired', 'tester', 'a-host'],
        ['second', 'waiting', 'tester', 'a-host'],
      ]);
      await unlock(on.client, first.id, {});
      expect((await checkLock(on.client, second.id, {})).state).toBe('acquired');
      await unlock(on.client, second.id, {});
      expect(await locksOf(on, 'queue')).toEqual([]);
    });

    test('one that is held by another process is busy, with its name, and given once it is free', async () => {
      const on = subject();
      const theirs = await lock(on.another(), asked('held', 'spark-17'), {});
      const run = () => withTableLock(on.client, identOf(on, 'held'), async () => 'done', { uri: on.uri, waitMs: 200 });
      const error = await failure(run());
      expect(error).toMatchObject({ code: 'busy', message: expect.stringMatching(/by tester on a-host \(lock \d+, spark-17/) });
      await unlock(on.client, theirs.id, {});
      expect(await run()).toBe('done');
      expect(await locksOf(on, 'held')).toEqual([]);
    });

    test('a heartbeat is heard while it is held, and refused after', async () => {
      const on = subject();
      const { id } = await lock(on.client, asked('beating', 'us'), {});
      await heartbeat(on.client, id, {});
      await unlock(on.client, id, {});
      await expect(heartbeat(on.client, id, {})).rejects.toMatchObject({ kind: 'NoSuchLockException' });
    });

    test('one whose answer got lost is found again and given back', async () => {
      const on = subject();
      const { client } = await on.watched((method) => (method === 'lock' ? 'swallow' : 'pass'));
      const error = await failure(withTableLock(client, identOf(on, 'lost'), async () => {}, { uri: on.uri }));
      expect(error).toMatchObject({ code: 'catalog-unavailable' });
      expect(await locksOf(on, 'lost')).toEqual([]);
    });

    if (!contention) return;

    test('one that is waited for is given when it becomes free', async () => {
      const on = subject();
      const theirs = await lock(on.another(), asked('awaited', 'spark-18'), {});
      const waiting = withTableLock(on.client, identOf(on, 'awaited'), async () => 'done', { uri: on.uri });
      await sleep(300);
      await unlock(on.another(), theirs.id, {});
      expect(await waiting).toBe('done');
    });

    test('one that the server drops aborts the work', async () => {
      const on = subject();
      const work = async (signal: AbortSignal) => {
        const [own] = await locksOf(on, 'dropped');
        await unlock(on.client, own?.id ?? 0n, {});
        while (!signal.aborted) await sleep(10);
        return 'done';
      };
      const error = await failure(withTableLock(on.client, identOf(on, 'dropped'), work, { uri: on.uri, heartbeatMs: 50 }));
      expect(error).toMatchObject({ code: 'commit-unknown', message: expect.stringContaining('lost') });
    });
  });
}
