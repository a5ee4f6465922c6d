import { setTimeout as sleep } from 'node:timers/promises';
import type { HiveClient } from './client.js';
import { type LockTarget, showLocks, unlock } from './client-locks.js';
import { isServerException, WireFault } from './faults.js';

/** For giving a lock back, also after an interruption, ms. */
const CLEANUP_MS = 15_000;
const CLEANUP_PAUSES = [0, 200, 1_000, 3_000];

/**
 * Gives a lock back, or a place in the queue. That it is gone is as good; a server that cannot be reached will drop it by itself, so that is no
 * reason to spoil the work's result.
 */
export async function giveBack(client: HiveClient, id: bigint): Promise<void> {
  const signal = AbortSignal.timeout(CLEANUP_MS);
  for (const pause of CLEANUP_PAUSES) {
    try {
      await rest(pause, signal);
      return await unlock(client, id, { signal });
    } catch (error) {
      if (signal.aborted || isServerException(error, 'NoSuchLockException', 'TxnOpenException')) return;
    }
  }
}

/** Gives back what a `lock` call without an answer may have left: the server can enter it a while after the client gave up. */
export async function giveBackUnseen(client: HiveClient, target: LockTarget, agentInfo: string): Promise<void> {
  const signal = AbortSignal.timeout(CLEANUP_MS);
  for (const pause of CLEANUP_PAUSES) {
    try {
      await rest(pause, signal);
      const own = (await showLocks(client, target, { signal, fresh: true })).filter((each) => each.agentInfo === agentInfo);
      for (const { id } of own) await giveBack(client, id);
      if (own.length > 0) return;
    } catch {
      if (signal.aborted) return;
    }
  }
}

/** Waits; an abort ends it as it ends a call that was not sent. */
export async function rest(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    throw new WireFault('not-sent', 'aborted', 'interrupted while waiting');
  });
}
