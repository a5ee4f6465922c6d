import { afterEach, expect, test } from 'vitest';
import { HiveClient } from '../../../src/catalog/hive/client.js';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';
import { ServerException, WireFault } from '../../../src/catalog/hive/faults.js';
import { fields, getText, int32, struct, text } from '../../../src/catalog/hive/fields.js';
import { HiveSession } from '../../../src/catalog/hive/session.js';
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
