import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { parseEndpoints } from '../../../../src/catalog/hive/endpoints.js';
import { HiveSession } from '../../../../src/catalog/hive/session.js';
import type { HiveTls } from '../../../../src/catalog/hive/socket.js';
import { type ScriptedServer, startRaw } from '../server.js';
import { faultOf, nothingOpen, watchTimers } from './harness.js';

const NOT_SENT = { outcome: 'not-sent', reason: 'connect' };
const servers: ScriptedServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function raw(...args: Parameters<typeof startRaw>): Promise<string> {
  const server = await startRaw(...args);
  servers.push(server);
  return server.uri;
}

/** How reads and a write end that share the attempt to connect; nothing is left of it afterwards. */
async function endsOf(uri: string, tls?: HiveTls) {
  const timers = watchTimers();
  const timeouts = { connect: 300, read: 60_000, write: 60_000 };
  const session = new HiveSession({ endpoints: parseEndpoints(uri), framed: false, tls, timeouts, user: undefined });
  const calls = [{}, {}, { write: true }].map((options) => faultOf(session.call('a_call', new Map(), options)));
  const faults = await Promise.all(calls);
  session.close();
  expect(timers.running()).toBe(0);
  for (const server of servers.splice(0)) await server.close();
  await nothingOpen();
  return faults;
}

describe('a server that cannot be connected to: nothing was sent, neither what asked first nor what waited', () => {
  test('refuses', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const uri = `thrift://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    await new Promise((resolve) => server.close(resolve));
    for (const fault of await endsOf(uri)) {
      expect(fault).toMatchObject(NOT_SENT);
      expect(fault.message).toBe(`${uri}: connection refused`);
    }
  });

  test('has a name that does not exist', async () => {
    for (const fault of await endsOf('thrift://no-such-host.invalid:1')) expect(fault).toMatchObject(NOT_SENT);
  });

  test('is silent during the TLS handshake', async () => {
    for (const fault of await endsOf(await raw(() => {}), {})) {
      expect(fault).toMatchObject(NOT_SENT);
      expect(fault.message).toContain('no connection after 300 ms (the TLS handshake got no answer: does this port speak TLS?)');
      expect(fault.hint).toContain('HIVE_METASTORE_TLS');
    }
  });

  test('is silent in the middle of the TLS handshake', async () => {
    const uri = await raw((socket) => socket.once('data', () => socket.write(Buffer.from('160303007a0200', 'hex'))));
    for (const fault of await endsOf(uri, {})) expect(fault).toMatchObject(NOT_SENT);
  });

  test.each<[string, Parameters<typeof startRaw>[0]]>([
    ['closes', (socket) => socket.once('data', () => socket.end())],
    ['resets', (socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['answers HTTP', (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['answers 0xff', (socket) => socket.once('data', () => socket.write(Buffer.alloc(64, 0xff)))],
    ['answers with a SASL refusal', (socket) => socket.once('data', () => socket.end('\x04\0\0\0\x11Invalid status 22'))],
  ])('%s during the TLS handshake', async (_what, accept) => {
    for (const fault of await endsOf(await raw(accept), {})) {
      expect(fault).toMatchObject(NOT_SENT);
      expect(fault.message).toContain('TLS');
      expect(fault.hint).toContain('HIVE_METASTORE_TLS must be false');
    }
  });
});
