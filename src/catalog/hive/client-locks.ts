import type { HiveClient } from './client.js';
import { type Exceptions, readResult } from './client-answers.js';
import { fields, getInt32, getInt64, getStruct, getStructList, getText, int32, int64, list, struct, text } from './fields.js';
import type { SessionCallOptions } from './session.js';
import type { ThriftStruct } from './struct.js';
import { ProtocolError, T } from './wire.js';

/** LockState of hive_metastore.thrift. */
const STATES = { 1: 'acquired', 2: 'waiting', 3: 'aborted', 4: 'not-acquired' } as const;
type LockState = (typeof STATES)[keyof typeof STATES];

const EXCLUSIVE = 3;
const TABLE_LEVEL = 2;
/** DataOperationType: the lock belongs to no transaction. */
const NO_TXN = 6;

export interface LockTarget {
  readonly database: string;
  readonly table: string;
}

export interface LockRequest extends LockTarget {
  readonly user: string;
  readonly host: string;
  /** Names this one request among all others, so that its lock is found again when the answer is lost. */
  readonly agentInfo: string;
}

export interface HiveLock {
  readonly id: bigint;
  readonly state: LockState;
  /** What 4.x says about a lock that was not given. */
  readonly message?: string;
}

/** One line of show_locks. */
export interface ShownLock {
  readonly id: bigint;
  readonly database: string;
  /** Absent for a lock of a whole database. */
  readonly table?: string;
  readonly state: LockState;
  /** ms since the epoch by the server's clock; 0 where it keeps none. */
  readonly lastHeartbeat: bigint;
  readonly user: string;
  readonly host: string;
  readonly agentInfo?: string;
}

/**
 * Asks for an exclusive lock of a table, which need not exist. `waiting`: somebody else has one; the server keeps the request in its queue until
 * `unlock`, also when the answer never arrives.
 */
export async function lock(client: HiveClient, request: LockRequest, options: SessionCallOptions): Promise<HiveLock> {
  const exceptions: Exceptions = { 1: 'NoSuchTxnException', 2: 'TxnAbortedException' };
  const component = fields([
    [1, int32(EXCLUSIVE)],
    [2, int32(TABLE_LEVEL)],
    [3, text(request.database)],
    [4, text(request.table)],
    [6, int32(NO_TXN)],
  ]);
  const args = fields([
    [1, list(T.STRUCT, [struct(component)])],
    [3, text(request.user)],
    [4, text(request.host)],
    [5, text(request.agentInfo)],
  ]);
  const result = await client.call('lock', fields([[1, struct(args)]]), exceptions, { ...options, write: true });
  return readResult(result, () => readLock(getStruct(result, 0)));
}

/** The state of a lock asked for earlier; a NoSuchLockException when the server has forgotten it. Counts as a heartbeat. */
export async function checkLock(client: HiveClient, id: bigint, options: SessionCallOptions): Promise<HiveLock> {
  const exceptions: Exceptions = { 1: 'NoSuchTxnException', 2: 'TxnAbortedException', 3: 'NoSuchLockException' };
  const result = await client.call('check_lock', request(id), exceptions, options);
  return readResult(result, () => readLock(getStruct(result, 0)));
}

/** Keeps a lock alive; servers drop one they have not heard of for 300 s (metastore.txn.timeout). A NoSuchLockException: it is lost. */
export function heartbeat(client: HiveClient, id: bigint, options: SessionCallOptions): Promise<void> {
  const exceptions: Exceptions = { 1: 'NoSuchLockException', 2: 'NoSuchTxnException', 3: 'TxnAbortedException' };
  return client.change('heartbeat', request(id), exceptions, options);
}

/** Gives back a lock, or takes a waiting one out of the queue. A NoSuchLockException: there was none. */
export function unlock(client: HiveClient, id: bigint, options: SessionCallOptions): Promise<void> {
  const exceptions: Exceptions = { 1: 'NoSuchLockException', 2: 'TxnOpenException' };
  return client.change('unlock', request(id), exceptions, options);
}

/** All locks of a table, given or waiting. */
export async function showLocks(
  client: HiveClient,
  { database, table }: LockTarget,
  options: SessionCallOptions,
): Promise<readonly ShownLock[]> {
  const wanted = fields([
    [1, text(database)],
    [2, text(table)],
  ]);
  const result = await client.call('show_locks', fields([[1, struct(wanted)]]), {}, options);
  return readResult(result, () => {
    const response = getStruct(result, 0);
    return response && getStructList(response, 1).map(readShown);
  });
}

function request(id: bigint): ThriftStruct {
  return fields([[1, struct(fields([[1, int64(id)]]))]]);
}

function readLock(response: ThriftStruct | undefined): HiveLock | undefined {
  if (response === undefined) return undefined;
  const message = getText(response, 3);
  return { id: readId(response), state: readState(response, 2), ...(message === undefined ? {} : { message }) };
}

function readShown(element: ThriftStruct): ShownLock {
  const table = getText(element, 3);
  const agentInfo = getText(element, 13);
  return {
    id: readId(element),
    database: getText(element, 2) ?? '',
    ...(table === undefined ? {} : { table }),
    state: readState(element, 5),
    lastHeartbeat: getInt64(element, 8) ?? 0n,
    user: getText(element, 10) ?? '',
    host: getText(element, 11) ?? '',
    ...(agentInfo === undefined ? {} : { agentInfo }),
  };
}

function readId(from: ThriftStruct): bigint {
  const id = getInt64(from, 1);
  if (id === undefined) throw new ProtocolError('a lock without an id');
  return id;
}

function readState(from: ThriftStruct, field: number): LockState {
  const state = getInt32(from, field);
  if (state !== 1 && state !== 2 && state !== 3 && state !== 4) throw new ProtocolError(`a lock in the state ${state}`);
  return STATES[state];
}
