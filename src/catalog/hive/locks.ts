import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { BcnError } from '../../errors.js';
import { formatIdent, type TableIdent } from '../port.js';
import type { HiveClient } from './client.js';
import { checkLock, type HiveLock, heartbeat, type LockTarget, lock, type ShownLock, showLocks } from './client-locks.js';
import { ApplicationFault, isServerException, toBcnError, WireFault } from './faults.js';
import { giveBack, giveBackUnseen, rest } from './lock-release.js';
import { processUser } from './user.js';

export interface TableLockOptions {
  readonly signal?: AbortSignal;
  /** For messages. */
  readonly uri: string;
  /** Who holds the lock, for those who wait for it. Default: the user of this process. */
  readonly user?: string;
  /** ms to wait for somebody else's lock. Default 3 min, as Iceberg's HiveCatalog. */
  readonly waitMs?: number;
  /** ms between heartbeats. Default 60 s: a server drops a lock it has not heard of for 300 s (metastore.txn.timeout). */
  readonly heartbeatMs?: number;
}

const WAIT_MS = 180_000;
const HEARTBEAT_MS = 60_000;
/** First and longest pause between two looks at a lock that waits, ms. */
const POLL_MS = { first: 50, longest: 5_000 };

/**
 * Runs `work` while nobody else who asks for it has the table's lock: Hive's own exclusive lock, the one Iceberg's HiveCatalog takes.
 * The lock is given back whatever happens; one whose `lock` call got no answer is looked for and given back, too. When the server drops the
 * lock meanwhile, the signal that `work` got is aborted.
 * `ident` as normalised; the table need not exist. Throws `busy` naming the holder when the lock is not had in time, `commit-unknown` when it
 * was lost, what `work` throws, and the client's faults as BcnErrors.
 */
export async function withTableLock<Result>(
  client: HiveClient,
  ident: TableIdent,
  work: (signal: AbortSignal) => Promise<Result>,
  options: TableLockOptions,
): Promise<Result> {
  const target = { database: ident.namespace[0] ?? '', table: ident.name };
  const table = formatIdent(ident);
  try {
    const id = await acquire(client, target, table, options);
    try {
      return await beating(client, id, table, work, options);
    } finally {
      await giveBack(client, id);
    }
  } catch (error) {
    throw toBcnError(error, options.uri, { table });
  }
}

/** The id of a lock that was given. Leaves none behind when it throws. */
async function acquire(client: HiveClient, target: LockTarget, table: string, options: TableLockOptions): Promise<bigint> {
  const { signal, waitMs = WAIT_MS } = options;
  const deadline = performance.now() + waitMs;
  const agentInfo = `bcn-${randomUUID()}`;
  let held: HiveLock;
  try {
    held = await lock(client, { ...target, user: options.user ?? processUser(), host: hostname(), agentInfo }, { signal });
  } catch (error) {
    const never =
      error instanceof WireFault ? error.outcome === 'not-sent' : error instanceof ApplicationFault && error.unknownMethod;
    if (!never) await giveBackUnseen(client, target, agentInfo);
    throw error;
  }
  const { id } = held;
  try {
    for (let pause = POLL_MS.first; held.state === 'waiting'; pause = Math.min(2 * pause, POLL_MS.longest)) {
      const left = deadline - performance.now();
      if (left <= 0) throw await busy(client, target, table, id, waitMs, signal);
      await rest(Math.min(pause, left), signal);
      held = await checkLock(client, id, { signal });
    }
    if (held.state === 'acquired') return id;
    const said = held.message === undefined ? '' : `: ${held.message}`;
    throw new BcnError('busy', `The Hive Metastore refused the lock of "${table}" (${held.state})${said}`, AGAIN);
  } catch (error) {
    await giveBack(client, id);
    throw error;
  }
}

/** Runs `work` beside heartbeats. */
async function beating<Result>(
  client: HiveClient,
  id: bigint,
  table: string,
  work: (signal: AbortSignal) => Promise<Result>,
  { signal, heartbeatMs = HEARTBEAT_MS }: TableLockOptions,
): Promise<Result> {
  const lost = new AbortController();
  const done = new AbortController();
  const beats = beat(client, id, heartbeatMs, done.signal).then((reason) => {
    if (reason !== undefined) lost.abort(lostLock(table, reason));
  });
  try {
    const result = await work(signal === undefined ? lost.signal : AbortSignal.any([signal, lost.signal]));
    lost.signal.throwIfAborted();
    return result;
  } catch (error) {
    // What the work found out for itself says more than that it was stopped.
    if (error instanceof BcnError && error.code !== 'interrupted') throw error;
    lost.signal.throwIfAborted();
    throw error;
  } finally {
    done.abort();
    await beats;
  }
}

/** Until `done`: undefined; or why the lock is lost. A heartbeat that fails is repeated until the server may have given up on us. */
async function beat(client: HiveClient, id: bigint, everyMs: number, done: AbortSignal): Promise<unknown> {
  let heard = performance.now();
  for (let pause = everyMs; ; ) {
    try {
      await rest(pause, done);
      const sent = performance.now();
      await heartbeat(client, id, { signal: done });
      [heard, pause] = [sent, everyMs];
    } catch (error) {
      if (done.aborted) return undefined;
      if (isServerException(error, 'NoSuchLockException', 'NoSuchTxnException', 'TxnAbortedException')) return error;
      if (performance.now() - heard >= 3 * everyMs) return error;
      pause = everyMs / 4;
    }
  }
}

const AGAIN = {
  hint: 'Run the same command again when the other one is done. A lock whose owner died falls away after the metastore’s metastore.txn.timeout (5 min) where its housekeeper runs.',
  retryable: true,
};

async function busy(
  client: HiveClient,
  target: LockTarget,
  table: string,
  own: bigint,
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<BcnError> {
  const locks = await showLocks(client, target, { signal }).catch(() => []);
  const ahead = locks
    .filter(({ id }) => id !== own)
    .sort((a, b) => Number(b.state === 'acquired') - Number(a.state === 'acquired'));
  const holder = ahead[0] === undefined ? 'somebody else' : describe(ahead[0]);
  return new BcnError(
    'busy',
    `"${table}" is locked in the Hive Metastore by ${holder}; waited ${Math.round(waitMs / 1000)} s`,
    AGAIN,
  );
}

function describe({ id, user, host, agentInfo, lastHeartbeat }: ShownLock): string {
  const heard = new Date(Number(lastHeartbeat));
  const seen = lastHeartbeat > 0n && !Number.isNaN(heard.getTime()) ? `, last heard of ${heard.toISOString()}` : '';
  return `${user} on ${host} (lock ${id}${agentInfo === undefined ? '' : `, ${agentInfo}`}${seen})`;
}

function lostLock(table: string, cause: unknown): BcnError {
  return new BcnError('commit-unknown', `The lock of "${table}" was lost: another writer may have changed the table meanwhile`, {
    table,
    hint: 'Nothing was deleted. Run the same command again: it reads the table and finds out.',
    retryable: true,
    cause,
  });
}
