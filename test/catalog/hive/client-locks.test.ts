import { afterEach, describe, expect, test } from 'vitest';
import { HiveClient } from '../../../src/catalog/hive/client.js';
import { checkLock, heartbeat, lock, showLocks, unlock } from '../../../src/catalog/hive/client-locks.js';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';
import { fields, getInt64, getStruct, int32, int64, list, struct, text } from '../../../src/catalog/hive/fields.js';
import { HiveSession } from '../../../src/catalog/hive/session.js';
import { T } from '../../../src/catalog/hive/wire.js';
import { FakeLocks, lockResponse } from './fake-locks.js';
import { reply, type Script, startServer, thrown, unknownMethod } from './server.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function clientOf(script: Script) {
  const server = await startServer(script);
  const timeouts = { connect: 1000, read: 1000, write: 1000 };
  const endpoints = parseEndpoints(server.uri);
  const session = new HiveSession({ endpoints, framed: false, tls: undefined, timeouts, user: undefined });
  open.push(server, session);
  return { client: new HiveClient(session), server };
}

const BIG = 2n ** 62n + 1n;
const REQUEST = { database: 'db', table: 't', user: 'carla', host: 'host-7', agentInfo: 'bcn-1' };
const shown = (changes: Parameters<typeof fields>[0]) =>
  list(T.STRUCT, [
    struct(
      new Map([
        ...fields([
          [1, int64(1n)],
          [5, int32(1)],
        ]),
        ...fields(changes),
      ]),
    ),
  ]);

test.each([
  [1, 'acquired'],
  [2, 'waiting'],
  [3, 'aborted'],
  [4, 'not-acquired'],
] as const)('state %i is %s, and ids are exact', async (state, word) => {
  const { client } = await clientOf((call) => reply(call, lockResponse(BIG, state, 'so it is')));
  expect(await lock(client, REQUEST, {})).toEqual({ id: BIG, state: word, message: 'so it is' });
  expect(await checkLock(client, BIG, {})).toEqual({ id: BIG, state: word, message: 'so it is' });
});

test('ids are sent exactly; what changes something gets a connection of its own', async () => {
  const { client, server } = await clientOf((call) =>
    call.method === 'check_lock' ? reply(call, lockResponse(BIG, 1)) : reply(call),
  );
  await checkLock(client, BIG, {});
  await heartbeat(client, BIG, {});
  await unlock(client, BIG, {});
  await checkLock(client, BIG, {});
  expect(server.calls.map(({ args }) => getInt64(getStruct(args, 1) ?? new Map(), 1))).toEqual([BIG, BIG, BIG, BIG]);
  expect(server.calls.map(({ connection }) => connection)).toEqual([0, 1, 2, 0]);
});

test('all locks of a table are shown, with whom they belong to', async () => {
  const locks = new FakeLocks();
  locks.taken('first');
  locks.taken('second');
  const { client } = await clientOf((call) => locks.answer(call) ?? unknownMethod(call));
  const common = { database: 'db', table: 't', user: 'carla', host: 'host-7', lastHeartbeat: 1_763_683_200_000n };
  expect(await showLocks(client, { database: 'db', table: 't' }, {})).toEqual([
    { id: 1n, state: 'acquired', agentInfo: 'first', ...common },
    { id: 2n, state: 'waiting', agentInfo: 'second', ...common },
  ]);
});

test('a lock of a whole database, without agent and heartbeat, is shown too', async () => {
  const { client } = await clientOf((call) => reply(call, struct(fields([[1, shown([[2, text('db')]])]]))));
  const found = await showLocks(client, { database: 'db', table: 't' }, {});
  expect(found).toEqual([{ id: 1n, database: 'db', state: 'acquired', lastHeartbeat: 0n, user: '', host: '' }]);
});

test('no locks', async () => {
  const { client } = await clientOf((call) => reply(call, struct(fields([]))));
  expect(await showLocks(client, { database: 'db', table: 't' }, {})).toEqual([]);
});

describe('exceptions', () => {
  test.each([
    ['lock', 1, 'NoSuchTxnException'],
    ['lock', 2, 'TxnAbortedException'],
    ['check_lock', 1, 'NoSuchTxnException'],
    ['check_lock', 2, 'TxnAbortedException'],
    ['check_lock', 3, 'NoSuchLockException'],
    ['heartbeat', 1, 'NoSuchLockException'],
    ['heartbeat', 2, 'NoSuchTxnException'],
    ['heartbeat', 3, 'TxnAbortedException'],
    ['unlock', 1, 'NoSuchLockException'],
    ['unlock', 2, 'TxnOpenException'],
  ])('%s, field %i: %s', async (method, id, kind) => {
    const { client } = await clientOf((call) => thrown(call, id, 'because'));
    const calls = { lock: () => lock(client, REQUEST, {}), check_lock: () => checkLock(client, 1n, {}) };
    const changes = { heartbeat: () => heartbeat(client, 1n, {}), unlock: () => unlock(client, 1n, {}) };
    const call = { ...calls, ...changes }[method];
    await expect(call?.()).rejects.toMatchObject({ name: 'ServerException', kind, message: 'because' });
  });
});

const response = (...entries: Parameters<typeof fields>[0]) => struct(fields(entries));

test.each([
  ['no lock at all', undefined],
  ['a lock without an id', response([2, int32(1)])],
  ['a lock without a state', response([1, int64(1n)])],
  ['a state that does not exist', lockResponse(1n, 0)],
  ['an id of 32 bits', response([1, int32(1)], [2, int32(1)])],
])('%s is an unreadable answer', async (_what, answer) => {
  const { client } = await clientOf((call) => reply(call, answer));
  for (const call of [() => lock(client, REQUEST, {}), () => checkLock(client, 1n, {})]) {
    await expect(call()).rejects.toMatchObject({ name: 'WireFault', outcome: 'unknown', reason: 'protocol' });
  }
});

test.each([
  ['no list at all', undefined],
  ['shown locks without an id', response([1, list(T.STRUCT, [response([5, int32(1)])])])],
  ['shown locks without a state', response([1, list(T.STRUCT, [response([1, int64(1n)])])])],
  ['shown locks that are numbers', response([1, list(T.I32, [int32(1)])])],
])('%s is an unreadable answer', async (_what, answer) => {
  const { client } = await clientOf((call) => reply(call, answer));
  const call = showLocks(client, { database: 'db', table: 't' }, {});
  await expect(call).rejects.toMatchObject({ name: 'WireFault', outcome: 'unknown', reason: 'protocol' });
});
