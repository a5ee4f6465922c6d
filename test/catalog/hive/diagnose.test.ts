import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { diagnose } from '../../../src/catalog/hive/diagnose.js';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';
import { WireFault } from '../../../src/catalog/hive/faults.js';
import { text } from '../../../src/catalog/hive/fields.js';
import { nothingOpen, watchTimers } from './faults/harness.js';
import { message, type ScriptedServer, startRaw, startServer, unknownMethod } from './server.js';

const servers: ScriptedServer[] = [];
const fault = new WireFault('unknown', 'closed', 'get_x: the server closed the connection (framed?)', 'a hint');

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** What is found out about a server, whose sockets and our timers are all gone afterwards. */
async function found(server: ScriptedServer, framed: boolean, signal?: AbortSignal): Promise<WireFault> {
  servers.push(server);
  const timers = watchTimers();
  const [endpoint] = parseEndpoints(server.uri);
  if (endpoint === undefined) throw new Error('no endpoint');
  const result = await diagnose(endpoint, fault, { connectMs: 200, framed, signal });
  expect(timers.running()).toBe(0);
  for (const each of servers.splice(0)) await each.close();
  await nothingOpen();
  return result;
}

test.each([false, true])('a server with the other framing than framed: %s', async (framed) => {
  const server = await startServer(({ method, seqid }) => message(2, method, seqid, new Map([[0, text('4.0.0')]]), !framed), {
    framed: !framed,
  });
  expect(await found(server, framed)).toMatchObject({
    outcome: 'unknown',
    reason: 'protocol',
    message: `the server closed the connection; it speaks with${framed ? 'out' : ''} framed transport`,
    hint: expect.stringContaining(`HIVE_METASTORE_FRAMED=${!framed}`),
  });
});

test('one that does not know the version call has said enough', async () => {
  expect(await found(await startServer(unknownMethod), true)).toMatchObject({
    message: expect.stringContaining('without framed'),
  });
});

test.each<[string, (socket: Socket) => void]>([
  ['is silent', () => {}],
  ['closes', (socket) => socket.end()],
  ['resets', (socket) => socket.once('data', () => socket.resetAndDestroy())],
  ['sends garbage', (socket) => socket.write(Buffer.alloc(100, 0xff))],
  ['sends a byte of a SASL refusal', (socket) => socket.write(Buffer.of(4))],
])('of one that %s nothing is found out, and that does not take long', async (_what, accept) => {
  for (const framed of [false, true]) expect(await found(await startRaw(accept), framed)).toBe(fault);
});

test('of one that is gone neither', async () => {
  const server = await startRaw(() => {});
  await server.close();
  const [endpoint] = parseEndpoints(server.uri);
  if (endpoint === undefined) throw new Error('no endpoint');
  expect(await diagnose(endpoint, fault, { connectMs: 200, framed: false })).toBe(fault);
});

test('an abort ends it', async () => {
  const abort = new AbortController();
  const asked = found(await startRaw(() => abort.abort()), false, abort.signal);
  expect(await asked).toBe(fault);
  expect(await found(await startRaw(() => {}), false, AbortSignal.abort())).toBe(fault);
});
