import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Connection } from '../../../src/catalog/hive/connection.js';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';
import { WireFault } from '../../../src/catalog/hive/faults.js';
import { fields, getText, text } from '../../../src/catalog/hive/fields.js';
import { type DialOptions, dial } from '../../../src/catalog/hive/socket.js';
import { reply, type ScriptedServer, startRaw, startServer } from './server.js';
import { CERT, KEY } from './tls-pair.js';

const servers: ScriptedServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function dialUri(uri: string, options: DialOptions) {
  const [endpoint] = parseEndpoints(uri);
  if (endpoint === undefined) throw new Error('no endpoint');
  return dial(endpoint, options);
}

async function refusal(uri: string, options: DialOptions): Promise<WireFault> {
  const error = await dialUri(uri, options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WireFault);
  expect(error).toMatchObject({ outcome: 'not-sent' });
  return error as WireFault;
}

describe('dial', () => {
  test('a port where nobody listens: refused, and named', async () => {
    const uri = `thrift://127.0.0.1:${await freePort()}`;
    const fault = await refusal(uri, { connectMs: 5000 });
    expect(fault.reason).toBe('connect');
    expect(fault.message).toBe(`${uri}: connection refused`);
  });

  test('localhost where nobody listens: the same, though both of its addresses fail', async () => {
    const uri = `thrift://localhost:${await freePort()}`;
    expect((await refusal(uri, { connectMs: 5000 })).message).toBe(`${uri}: connection refused`);
  });

  test('a host that does not exist', async () => {
    expect((await refusal('thrift://no-such-host.invalid:1', { connectMs: 8000 })).message).toMatch(
      /no-such-host\.invalid:1: (the host name is not known|no connection after)/,
    );
  });

  test('a server that never answers the TLS handshake: the deadline covers it', async () => {
    const server = await startRaw(() => {});
    servers.push(server);
    const fault = await refusal(server.uri, { connectMs: 200, tls: {} });
    expect(fault.reason).toBe('connect');
    expect(fault.message).toContain('does this port speak TLS?');
  });

  test('a server that closes during the TLS handshake', async () => {
    const server = await startRaw((socket) => socket.end());
    servers.push(server);
    expect((await refusal(server.uri, { connectMs: 2000, tls: {} })).reason).toBe('connect');
  });

  test('an abort', async () => {
    const server = await startRaw(() => {});
    servers.push(server);
    const abort = new AbortController();
    const dialing = refusal(server.uri, { connectMs: 60_000, tls: {}, signal: abort.signal });
    abort.abort();
    expect((await dialing).reason).toBe('aborted');
    expect((await refusal(server.uri, { connectMs: 60_000, signal: abort.signal })).reason).toBe('aborted');
  });
});

describe('TLS', () => {
  test.each(['127.0.0.1', 'localhost'])('to %s, with the certificate trusted', async (host) => {
    const server = await startServer((call) => reply(call, text('secret')), { tls: { key: KEY, cert: CERT } });
    servers.push(server);
    const connection = new Connection(
      await dialUri(`thrift://${host}:${server.port}`, { connectMs: 5000, tls: { ca: CERT } }),
      false,
    );
    expect(getText(await connection.call('get_version', fields([]), { timeoutMs: 2000 }), 0)).toBe('secret');
    connection.close();
  });

  test('an unknown certificate is refused, unless it need not be verified', async () => {
    const server = await startServer(() => undefined, { tls: { key: KEY, cert: CERT } });
    servers.push(server);
    expect((await refusal(server.uri, { connectMs: 5000, tls: {} })).message).toContain('self-signed certificate');
    (await dialUri(server.uri, { connectMs: 5000, tls: { verify: false } })).destroy();
  });
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
