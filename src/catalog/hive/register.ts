import { setTimeout as sleep } from 'node:timers/promises';
import { BcnError } from '../../errors.js';
import { formatIdent, type Registration } from '../port.js';
import type { HiveClient } from './client.js';
import { isServerException, toBcnError, WireFault } from './faults.js';
import { getText, getTextMap } from './fields.js';
import { TABLE } from './hive-table.js';
import { refusal } from './refusal.js';
import type { SessionCallOptions } from './session.js';
import type { ThriftStruct } from './struct.js';

interface RegisterOptions extends SessionCallOptions {
  /** ms to wait before each attempt to read the entry back. */
  readonly delays: readonly number[];
  /** For messages. */
  readonly uri: string;
}

/**
 * Creates the entry and settles what a lost or odd answer leaves open (law 11). create_table never replaces a table, so once a read has
 * shown that there is none, sending it a second time is safe: at worst the first one lands late and the second finds it.
 */
export async function registerTable(
  client: HiveClient,
  registration: Registration,
  table: ThriftStruct,
  options: RegisterOptions,
): Promise<'registered' | 'already'> {
  for (let attempt = 1; ; attempt += 1) {
    const failure = await create(client, table, options);
    if (failure === undefined) return 'registered';
    if (failure instanceof WireFault && (failure.outcome === 'not-sent' || failure.reason === 'aborted')) throw failure;
    const existing = await readBack(client, registration, failure, options);
    if (existing !== undefined) {
      tableExists(existing, registration);
      return isServerException(failure, 'AlreadyExistsException') ? 'already' : 'registered';
    }
    // Dropped again between the two calls: the name is free.
    if (isServerException(failure, 'AlreadyExistsException') && attempt === 1) continue;
    if (!(failure instanceof WireFault)) throw await refusal(client, registration, failure, options);
    if (attempt > 1) throw unknown(registration, failure, options);
  }
}

/** What went wrong, if anything. */
async function create(client: HiveClient, table: ThriftStruct, options: RegisterOptions): Promise<unknown> {
  try {
    await client.createTable(table, { signal: options.signal });
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The entry now, undefined when there is none. The server's state may be hard to come by: several attempts, each on a new connection. */
async function readBack(
  client: HiveClient,
  { ident, ...registration }: Registration,
  failure: unknown,
  options: RegisterOptions,
): Promise<ThriftStruct | undefined> {
  const { signal } = options;
  for (const delay of options.delays) {
    try {
      await sleep(delay, undefined, { signal });
      return await client.getTable(ident.namespace[0] ?? '', ident.name, { signal, fresh: true });
    } catch {
      if (signal?.aborted) break;
    }
  }
  throw unknown({ ident, ...registration }, failure, options);
}

/** Returns when the entry names the same metadata file, else throws `table-exists`. */
export function tableExists(existing: ThriftStruct, { ident, metadataLocation }: Registration): void {
  const parameters = getTextMap(existing, TABLE.parameters);
  const names = parameters.get('metadata_location');
  if (names === metadataLocation && /^iceberg$/i.test(parameters.get('table_type') ?? '')) return;
  const what = names === undefined ? (getText(existing, TABLE.tableType) ?? 'another entry') : names;
  throw new BcnError('table-exists', `Table "${formatIdent(ident)}" exists already in the Hive Metastore (${what})`, {
    table: formatIdent(ident),
    hint: 'Nothing was replaced. Choose another name (--target-table NAME), or drop that table first.',
  });
}

function unknown({ ident, metadataLocation }: Registration, failure: unknown, { uri }: RegisterOptions): BcnError {
  const reason = toBcnError(failure, uri);
  const text = reason instanceof Error ? reason.message : String(reason);
  return new BcnError('commit-unknown', `Whether "${formatIdent(ident)}" is registered is not known: ${text}`, {
    table: formatIdent(ident),
    object: metadataLocation,
    hint: 'Nothing was deleted. Run the same command again once the metastore answers: it finds out, and finishes what is missing.',
    retryable: true,
    cause: failure,
  });
}
