import { setTimeout as sleep } from 'node:timers/promises';
import { BcnError } from '../../errors.js';
import type { HiveClient } from './client.js';
import { isServerException, ServerException, WireFault } from './faults.js';
import { hiveDatabase } from './hive-table.js';
import { isDenied, shorten } from './refusal.js';
import type { SessionCallOptions } from './session.js';

/** How often a drop is sent. */
const ATTEMPTS = 3;

interface DatabaseOptions extends SessionCallOptions {
  /** ms to wait before each further attempt to do it or to see whether it was done. */
  readonly delays: readonly number[];
}

/**
 * Makes a database in the folder that the metastore chooses, owned by `user` (default: this process's). `already` where it was there, and where the answer was lost but it
 * is there now: it may be somebody else's. Rejects with the client's faults; throws `unsupported` when the server refuses.
 */
export async function createDatabase(
  client: HiveClient,
  name: string,
  user: string | undefined,
  options: DatabaseOptions,
): Promise<'created' | 'already'> {
  try {
    await client.createDatabase(hiveDatabase(name, user), { signal: options.signal });
    return 'created';
  } catch (error) {
    if (isServerException(error, 'AlreadyExistsException')) return 'already';
    const unheard = error instanceof WireFault && (error.outcome === 'not-sent' || error.reason === 'aborted');
    if (!unheard && (await appeared(client, name, options))) return 'already';
    throw refused(name, error);
  }
}

/** Drops a database that is empty; deletes no file. What a busy server fails at is tried again. Rejects with the client's faults. */
export async function dropDatabase(client: HiveClient, name: string, options: DatabaseOptions): Promise<'dropped' | 'kept'> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.dropDatabase(name, { signal: options.signal });
      return 'dropped';
    } catch (error) {
      if (isServerException(error, 'InvalidOperationException')) return 'kept';
      if (!isServerException(error, 'MetaException') || attempt === ATTEMPTS) throw error;
      await sleep(options.delays[attempt] ?? 0, undefined, { signal: options.signal }).catch(() => {});
    }
  }
}

async function appeared(client: HiveClient, name: string, { delays, signal }: DatabaseOptions): Promise<boolean> {
  for (const delay of delays) {
    try {
      await sleep(delay, undefined, { signal });
      return (await client.getDatabase(name, { signal, fresh: true })) !== undefined;
    } catch {
      if (signal?.aborted) return false;
    }
  }
  return false;
}

/** MetaException is a metastore's answer to anything: what is not recognised may pass when tried again. */
function refused(name: string, failure: unknown): unknown {
  if (!(failure instanceof ServerException)) return failure;
  const denied = isDenied(failure);
  if (!denied && failure.kind !== 'InvalidObjectException') return failure;
  return new BcnError(
    denied ? 'storage-auth' : 'unsupported',
    `The Hive Metastore refuses to make the database "${name}": ${shorten(failure.message)}`,
    {
      hint: 'Make it with an engine, in a folder that the metastore may write (CREATE DATABASE … LOCATION …), then run the command again.',
      cause: failure,
    },
  );
}
