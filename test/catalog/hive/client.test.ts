import { afterEach, describe, expect, test } from 'vitest';
import { HiveClient } from '../../../src/catalog/hive/client.js';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';
import { ServerException, WireFault } from '../../../src/catalog/hive/faults.js';
import { fields, getInt32, getStruct, getText, getTextMap, int32, struct, text } from '../../../src/catalog/hive/fields.js';
import { HiveSession } from '../../../src/catalog/hive/session.js';
import { T } from '../../../src/catalog/hive/wire.js';
import { batchOf, FakeMetastore } from './fake.js';
import { reply, type Script, type ScriptedServer, startServer, thrown, unknownMethod } from './server.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function clientOf(script: Script): Promise<{ client: HiveClient; server: ScriptedServer }> {
  const server = await startServer(script);
  const timeouts = { connect: 1000, read: 1000, write: 1000 };
  const session = new HiveSession({
    endpoints: parseEndpoints(server.uri),
    framed: false,
    tls: undefined,
    timeouts,
    user: undefined,
  });
  open.push(server, session);
  return { client: new HiveClient(session), server };
}

function fakeWith(...names: readonly string[]): FakeMetastore {
  const fake = new FakeMetastore();
  for (const name of names) fake.tables.set(name, fields([[1, text(name)]]));
  return fake;
}

test('a table is asked for by get_table_req, and once only where the server does not know it', async () => {
  const fake = fakeWith('t');
  const { client, server } = await clientOf((call) =>
    call.method === 'get_table_req' ? unknownMethod(call) : fake.answer(call),
  );
  expect(getText((await client.getTable('db', 't', {})) ?? new Map(), 1)).toBe('t');
  expect(await client.getTable('db', 'nope', {})).toBeUndefined();
  expect(server.calls.map(({ method }) => method)).toEqual(['get_table_req', 'get_table', 'get_table']);
  expect(new Set(server.calls.map(({ connection }) => connection)).size).toBe(1);
});

test('what is missing is undefined', async () => {
  const { client } = await clientOf((call) => fakeWith().answer(call));
  expect(await client.getTable('db', 't', {})).toBeUndefined();
  expect(await client.getDatabase('other', {})).toBeUndefined();
});

test('tables are read 100 at a time', async () => {
  const names = Array.from({ length: 205 }, (_, index) => `t${index}`);
  const fake = fakeWith(...names);
  const { client, server } = await clientOf((call) => fake.answer(call));
  const seen: (string | undefined)[] = [];
  for await (const table of client.getTables('db', names, {})) seen.push(getText(table, 1));
  expect(seen).toEqual(names);
  expect(server.calls.map((call) => batchOf(call).length)).toEqual([100, 100, 5]);
});

test('one at a time where the server knows no batches, those that are gone left out', async () => {
  const fake = fakeWith('a', 'c');
  const { client, server } = await clientOf((call) =>
    call.method === 'get_table_objects_by_name_req' ? unknownMethod(call) : fake.answer(call),
  );
  const seen: (string | undefined)[] = [];
  for await (const table of client.getTables('db', ['a', 'b', 'c'], {})) seen.push(getText(table, 1));
  expect(seen).toEqual(['a', 'c']);
  expect(server.calls).toHaveLength(4);
});

test.each([
  [1, 'AlreadyExistsException'],
  [2, 'InvalidObjectException'],
  [3, 'MetaException'],
  [4, 'NoSuchObjectException'],
])('create_table throws what stands in field %i: %s', async (id, kind) => {
  const { client } = await clientOf((call) => thrown(call, id, 'because'));
  const error = await client.createTable(fields([]), {}).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ServerException);
  expect(error).toMatchObject({ kind, message: 'because' });
});

/** The calls that change something and answer nothing. */
const CHANGES: readonly (readonly [string, (client: HiveClient) => Promise<unknown>])[] = [
  ['create_table', (client) => client.createTable(fields([]), {})],
  ['create_database', (client) => client.createDatabase(fields([]), {})],
  ['alter_table_with_environment_context', (client) => client.alterTable('db', 't', fields([]), new Map([['a', 'b']]), {})],
  ['drop_table_with_environment_context', (client) => client.dropTable('db', 't', {})],
  ['drop_database', (client) => client.dropDatabase('db', {})],
];

describe.each(CHANGES)('%s', (method, change) => {
  test('goes out once, on a connection of its own', async () => {
    const { client, server } = await clientOf((call) => (call.method === method ? reply(call) : fakeWith('t').answer(call)));
    await client.getTable('db', 't', {});
    await change(client);
    await client.getTable('db', 't', {});
    const connections = server.calls.map((call) => [call.method, call.connection]);
    expect(connections).toEqual([
      ['get_table_req', 0],
      [method, 1],
      ['get_table_req', 0],
    ]);
  });

  test('is not sent again when its answer is lost', async () => {
    const { client, server } = await clientOf((call) => void call.socket.destroy());
    await expect(change(client)).rejects.toMatchObject({ name: 'WireFault', outcome: 'unknown' });
    expect(server.calls).toHaveLength(1);
  });

  test('an exception that this client does not know is no success', async () => {
    const { client } = await clientOf((call) => thrown(call, 9, 'new in 5.0'));
    await expect(change(client)).rejects.toMatchObject({ name: 'WireFault', outcome: 'unknown', reason: 'protocol' });
  });

  test('a database that is down is the server’s exception', async () => {
    const id = { create_table: 3, create_database: 3, drop_database: 3 }[method] ?? 2;
    const { client } = await clientOf((call) => (call.method === method ? thrown(call, id, 'down') : fakeWith().answer(call)));
    await expect(change(client)).rejects.toMatchObject({ name: 'ServerException', kind: 'MetaException', message: 'down' });
  });
});

test('nothing is dropped with its data, and no database with its tables', async () => {
  const { client, server } = await clientOf((call) => reply(call));
  expect([await client.dropTable('db', 't', {}), await client.dropDatabase('db', {})]).toEqual([true, true]);
  const flags = server.calls.map(({ args }) =>
    [...args].filter(([, { type }]) => type === T.BOOL).map(([id, { value }]) => [id, value]),
  );
  expect(flags).toEqual([
    [[3, 0]],
    [
      [2, 0],
      [3, 0],
    ],
  ]);
});

test('what is not there to be dropped is false', async () => {
  const { client } = await clientOf((call) => thrown(call, 1, 'none'));
  expect([await client.dropTable('db', 't', {}), await client.dropDatabase('db', {})]).toEqual([false, false]);
});

test('a database whose drop trips over a null is not there; one that is there is the server’s fault', async () => {
  const { client } = await clientOf((call) =>
    call.method === 'drop_database' ? thrown(call, 3, 'null') : fakeWith().answer(call),
  );
  expect(await client.dropDatabase('none', {})).toBe(false);
  await expect(client.dropDatabase('db', {})).rejects.toMatchObject({ kind: 'MetaException', message: 'null' });
});

test('an alter carries names, struct and environment', async () => {
  const { client, server } = await clientOf((call) => reply(call));
  await client.alterTable('db', 't', fields([[99, int32(7)]]), new Map([['key', 'välue']]), {});
  const args = server.calls[0]?.args ?? new Map();
  expect([getText(args, 1), getText(args, 2), getInt32(getStruct(args, 3) ?? new Map(), 99)]).toEqual(['db', 't', 7]);
  expect([...getTextMap(getStruct(args, 4) ?? new Map(), 1)]).toEqual([['key', 'välue']]);
});

test.each<[string, Script]>([
  ['no result', (call) => reply(call)],
  ['a result of another type', (call) => reply(call, int32(1))],
  ['an exception of another type', (call) => reply(call, text('oops'), 1)],
  ['a table of another type', (call) => reply(call, struct(fields([[1, text('t')]])))],
  ['a result without a table', (call) => reply(call, struct(fields([[2, text('t')]])))],
])('%s is an unreadable answer', async (_what, script) => {
  const { client } = await clientOf(script);
  const error = await client.getTable('db', 't', {}).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WireFault);
  expect(error).toMatchObject({ outcome: 'unknown', reason: 'protocol' });
});
