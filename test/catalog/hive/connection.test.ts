import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Connection } from '../../../src/catalog/hive/connection.js';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';
import { ApplicationFault, WireFault } from '../../../src/catalog/hive/faults.js';
import { fields, getText, getTextMap, int32, struct, text, textMap } from '../../../src/catalog/hive/fields.js';
import { dial } from '../../../src/catalog/hive/socket.js';
import { encodeStruct, type ThriftStruct } from '../../../src/catalog/hive/struct.js';
import { message, reply, type ScriptedServer, startRaw, startServer, unknownMethod } from './server.js';

const NONE = fields([]);
const open: { close(): void | Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function connect(server: ScriptedServer, framed = false): Promise<Connection> {
  open.push(server);
  const [endpoint] = parseEndpoints(server.uri);
  if (endpoint === undefined) throw new Error('no endpoint');
  const connection = new Connection(await dial(endpoint, { connectMs: 2000 }), framed);
  open.push(connection);
  return connection;
}

async function faultOf(call: Promise<unknown>): Promise<WireFault> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WireFault);
  return error as WireFault;
}

describe('a call', () => {
  test.each([false, true])('gets its result, framed: %s, whole or byte by byte', async (framed) => {
    const server = await startServer(
      (call) => {
        const bytes = message(2, call.method, call.seqid, fields([[0, text(call.method)]]), framed);
        if (call.seqid === 1) return bytes;
        void dribble(call.socket, bytes);
        return undefined;
      },
      { framed },
    );
    const connection = await connect(server, framed);
    expect(getText(await connection.call('first', NONE, { timeoutMs: 2000 }), 0)).toBe('first');
    expect(getText(await connection.call('second', NONE, { timeoutMs: 2000 }), 0)).toBe('second');
  });

  test('carries parameters over 1 KB and over 64 KB, both ways', async () => {
    const server = await startServer((call) => reply(call, call.args.get(1)));
    const connection = await connect(server);
    for (const size of [1500, 40_000, 70_000, 3_000_000]) {
      const sent = new Map([['long', 'é'.repeat(size)]]);
      const result = await connection.call('echo', fields([[1, textMap(sent)]]), { timeoutMs: 5000 });
      expect(getTextMap(result, 0)).toEqual(sent);
    }
  });

  test('keeps unknown fields of a reply, byte for byte', async () => {
    const odd: ThriftStruct = fields([
      [900, int32(-1)],
      [1, text('t')],
      [-3, struct(fields([[77, text('newer than we are')]]))],
    ]);
    const connection = await connect(await startServer((call) => reply(call, struct(odd))));
    const result = await connection.call('get_table_req', NONE, { timeoutMs: 2000 });
    expect(encodeStruct(result)).toEqual(encodeStruct(fields([[0, struct(odd)]])));
  });

  test('waits for the one before it: never two on the wire', async () => {
    let onWire = 0;
    let most = 0;
    const server = await startServer((call) => {
      most = Math.max(most, ++onWire);
      setTimeout(() => {
        onWire -= 1;
        call.socket.write(reply(call, text(call.method)));
      }, 5);
      return undefined;
    });
    const connection = await connect(server);
    const names = Array.from({ length: 10 }, (_, index) => `call_${index}`);
    const results = await Promise.all(names.map((name) => connection.call(name, NONE, { timeoutMs: 2000 })));
    expect(results.map((result) => getText(result, 0))).toEqual(names);
    expect(most).toBe(1);
  });

  test('whose arguments cannot be written fails alone', async () => {
    const server = await startServer((call) => reply(call, text(call.method)));
    const connection = await connect(server);
    const wrong = fields([[1, int32(2 ** 40)]]);
    const options = { timeoutMs: 2000 };
    const [bad, good, alsoBad] = await Promise.allSettled([
      connection.call('bad', wrong, options),
      connection.call('good', NONE, options),
      connection.call('also_bad', wrong, options),
    ]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { name: 'RangeError' } });
    expect(alsoBad).toMatchObject({ status: 'rejected', reason: { name: 'RangeError' } });
    expect(good.status).toBe('fulfilled');
    expect(server.calls.map(({ method }) => method)).toEqual(['good']);
  });

  test('answered by an application exception leaves the connection usable', async () => {
    const server = await startServer((call) => (call.seqid === 1 ? unknownMethod(call) : reply(call, text('ok'))));
    const connection = await connect(server);
    const error = await connection.call('nosuch', NONE, { timeoutMs: 2000 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApplicationFault);
    expect((error as ApplicationFault).unknownMethod).toBe(true);
    expect(getText(await connection.call('known', NONE, { timeoutMs: 2000 }), 0)).toBe('ok');
  });
});

// What a server can do wrong: faults/*.test.ts.
describe('outside a call', () => {
  test('bytes that nobody asked for', async () => {
    let socket: Socket | undefined;
    const server = await startRaw((accepted) => {
      socket = accepted;
    });
    const connection = await connect(server);
    await expect.poll(() => socket !== undefined).toBe(true);
    socket?.write('hello');
    await expect.poll(() => connection.alive).toBe(false);
  });
});

describe('giving up', () => {
  test('a call in the queue leaves the one on the wire alone', async () => {
    const server = await startServer((call) => {
      setTimeout(() => call.socket.write(reply(call, text('late'))), 200);
      return undefined;
    });
    const connection = await connect(server);
    const first = connection.call('first', NONE, { timeoutMs: 2000 });
    const abort = new AbortController();
    const timedOut = faultOf(connection.call('second', NONE, { timeoutMs: 50 }));
    const aborted = faultOf(connection.call('third', NONE, { timeoutMs: 2000, signal: abort.signal }));
    abort.abort();
    expect(await timedOut).toMatchObject({ outcome: 'not-sent', reason: 'timeout' });
    expect(await aborted).toMatchObject({ outcome: 'not-sent', reason: 'aborted' });
    expect(getText(await first, 0)).toBe('late');
    expect(server.calls.map(({ method }) => method)).toEqual(['first']);
  });

  test('a call on the wire ends at once and as unknown', async () => {
    const server = await startServer(() => undefined);
    const connection = await connect(server);
    const abort = new AbortController();
    const call = faultOf(connection.call('first', NONE, { timeoutMs: 60_000, signal: abort.signal }));
    await expect.poll(() => server.calls.length).toBe(1);
    abort.abort();
    expect(await call).toMatchObject({ outcome: 'unknown', reason: 'aborted' });
    expect(connection.alive).toBe(false);
  });
});

async function dribble(socket: Socket, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    socket.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
