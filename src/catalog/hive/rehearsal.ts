import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BcnError } from '../../errors.js';
import { formatIdent, type Leftover, type Registration, type TableIdent } from '../port.js';
import type { HiveClient } from './client.js';
import { isServerException, toBcnError, WireFault } from './faults.js';
import { refusal } from './refusal.js';
import { isRehearsal, rehearsalEntry, rehearsalOf, rehearsalToken } from './rehearsal-entry.js';
import type { SessionCallOptions } from './session.js';
import type { ThriftStruct } from './struct.js';

export interface RehearsalOptions extends SessionCallOptions {
  /** ms to wait before each attempt to read an entry back, and between attempts. */
  readonly delays: readonly number[];
  /** For messages. */
  readonly uri: string;
}

/** How often an entry in the way is removed and the rehearsal begun again. */
const ATTEMPTS = 5;

/**
 * Creates the entry of a registration under a name of its own and drops it again, so that the server's own rules are asked: its file system for the location, its
 * authorization, its database's limits. `table` is what `registerTable` would send. An entry of that name is removed if it carries the mark: it was left by a process that
 * died, or belongs to one that does the same at this moment and does not mind. Returns what could not be removed; where that was in the way from the start, nothing
 * was rehearsed, which is no reason to refuse: the registration itself is the last word.
 * Throws what `registerTable` would; an outcome that cannot be found out is the client's fault, and leaves at worst an entry with the mark.
 */
export async function rehearse(
  client: HiveClient,
  registration: Registration,
  table: ThriftStruct,
  options: RehearsalOptions,
): Promise<Leftover | undefined> {
  const own = rehearsalOf(registration.ident);
  const token = randomBytes(8).toString('hex');
  const entry = rehearsalEntry(table, own.name, token);
  for (let attempt = 1; ; attempt += 1) {
    const failure = await outcome(() => client.createTable(entry, { signal: options.signal }));
    if (failure === undefined) return remove(client, own, options);
    if (isFinal(failure)) throw failure;
    const found = await read(client, own, options);
    const mark = found && rehearsalToken(found);
    // Made, although its answer was lost or odd.
    if (mark === token) return remove(client, own, options);
    if (!mayPass(failure, found)) throw await refusal(client, registration, failure, options);
    if (found !== undefined && mark === undefined)
      return { ident: own, rehearsal: false, reason: 'it has the name of a rehearsal' };
    if (attempt === ATTEMPTS) throw failure instanceof WireFault ? failure : crowded(own, registration);
    const left = found && (await remove(client, own, options));
    if (left) return left;
    // Those who collide should not do so again.
    const pause = (options.delays[attempt] ?? 0) * Math.random();
    await sleep(pause, undefined, { signal: options.signal }).catch(() => {});
  }
}

/** Removes what a rehearsal of this table left, if there is anything. Returns what could not be removed. */
export async function endRehearsal(
  client: HiveClient,
  ident: TableIdent,
  options: RehearsalOptions,
): Promise<Leftover | undefined> {
  const own = rehearsalOf(ident);
  const found = await client.getTable(own.namespace[0] ?? '', own.name, options);
  return found && isRehearsal(found) ? remove(client, own, options) : undefined;
}

/** Drops the entry, never a file. That it is gone is as good. */
async function remove(client: HiveClient, own: TableIdent, options: RehearsalOptions): Promise<Leftover | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const failure = await outcome(() => client.dropTable(own.namespace[0] ?? '', own.name, { signal: options.signal }));
    if (failure === undefined) return undefined;
    if (isFinal(failure)) throw failure;
    if ((await read(client, own, options)) === undefined) return undefined;
    if (!(failure instanceof WireFault) || attempt === ATTEMPTS) {
      const reason = toBcnError(failure, options.uri);
      return { ident: own, rehearsal: true, reason: reason instanceof Error ? reason.message : String(reason) };
    }
  }
}

/** What went wrong, if anything. */
async function outcome(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Whether the next attempt may end otherwise: no answer, or another rehearsal was at it, which a server may only find out from its database. */
function mayPass(failure: unknown, found: ThriftStruct | undefined): boolean {
  if (failure instanceof WireFault || isServerException(failure, 'AlreadyExistsException')) return true;
  return isServerException(failure, 'MetaException') && (found !== undefined || COLLISION.test(failure.message));
}

/** A table of that name was entered between the server's look and its own entry. */
const COLLISION = /INSERT INTO "?TBLS"?\b/;

/** There is nobody to ask what became of the call, or nobody to ask for. */
function isFinal(failure: unknown): boolean {
  return failure instanceof WireFault && (failure.outcome === 'not-sent' || failure.reason === 'aborted');
}

/** The entry now, undefined when there is none. Rejects with the last fault when no attempt got an answer. */
async function read(client: HiveClient, own: TableIdent, options: RehearsalOptions): Promise<ThriftStruct | undefined> {
  const { signal } = options;
  let fault: unknown;
  for (const delay of options.delays) {
    try {
      await sleep(delay, undefined, { signal }).catch(() => {});
      return await client.getTable(own.namespace[0] ?? '', own.name, { signal, fresh: true });
    } catch (error) {
      fault = error;
      if (signal?.aborted) break;
    }
  }
  throw fault;
}

function crowded(own: TableIdent, { ident }: Registration): BcnError {
  return new BcnError(
    'busy',
    `Other restores of "${formatIdent(ident)}" keep taking the name "${formatIdent(own)}" for their rehearsals`,
    {
      table: formatIdent(ident),
      hint: 'Run the same command again when they are done.',
      retryable: true,
    },
  );
}
