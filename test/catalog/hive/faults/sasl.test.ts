import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createHiveCatalog } from '../../../../src/catalog/hive/hive-catalog.js';
import { type ScriptedServer, startRaw } from '../server.js';
import { endOfRaw, FRAMINGS } from './harness.js';

const IDENT = { namespace: ['db'], name: 't' };
const servers: ScriptedServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A refusal as Thrift's TSaslTransport sends it: BAD (3) or ERROR (4), length, words. */
function refusal(status: number, words: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(status);
  head.writeUInt32BE(words.length, 1);
  return Buffer.concat([head, Buffer.from(words)]);
}

/** Hive 3 (libthrift 0.9): a plain call is refused with a message. */
const SAYS_SO = (socket: Socket) => socket.once('data', (chunk) => socket.end(refusal(4, `Invalid status ${chunk.readInt8(0)}`)));

/** Hive 4 (libthrift 0.16): it is answered by closing; only what starts a negotiation gets a message. */
const JUST_CLOSES = (socket: Socket) =>
  socket.once('data', (chunk) => {
    const name = chunk.subarray(5).toString();
    if (chunk[0] !== 1) socket.end();
    else socket.end(refusal(3, `Unsupported mechanism type ${name}`));
  });

describe.each(FRAMINGS)('a server that demands SASL, framed: %s', (framed) => {
  test('and says so: nothing was sent', async () => {
    const fault = await endOfRaw(SAYS_SO, { framed, timeoutMs: 60_000 });
    expect(fault).toMatchObject({ outcome: 'not-sent', reason: 'sasl' });
    expect(fault.message).toContain(`it answered "Invalid status ${framed ? 0 : -128}"`);
  });

  test('and says so byte by byte', async () => {
    const fault = await endOfRaw(
      (socket) =>
        socket.once('data', async () => {
          for (const byte of refusal(4, 'no')) {
            socket.write(Buffer.of(byte));
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }),
      { framed, timeoutMs: 60_000 },
    );
    expect(fault).toMatchObject({ outcome: 'not-sent', reason: 'sasl' });
  });

  test.each([
    ['says so', SAYS_SO, 'Invalid status'],
    ['just closes', JUST_CLOSES, 'Unsupported mechanism type bcn'],
  ])('and %s: load is unsupported, with a way out', async (_what, accept, words) => {
    const server = await startRaw(accept);
    servers.push(server);
    const catalog = createHiveCatalog({ uri: server.uri, framed, timeouts: { connect: 1000, read: 1000 } });
    const error: unknown = await catalog.load(IDENT).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'catalog-unsupported', exit: 22, retryable: false, table: 'db.t' });
    expect(error).toHaveProperty(
      'message',
      expect.stringMatching(/demands SASL \(Kerberos, or a user and password\), which bcn does not/),
    );
    expect(error).toHaveProperty('message', expect.stringContaining(words));
    expect(error).toHaveProperty('hint', expect.stringMatching(/sasl\.enabled=false.*HIVE_METASTORE_URI/));
    await catalog.close();
  });

  test('what only starts like a refusal is none', async () => {
    const fault = await endOfRaw((socket) => socket.once('data', () => socket.write('\x04\xff\xff\xff\xff more', 'latin1')), {
      framed,
      timeoutMs: 60_000,
    });
    expect(fault).toMatchObject({ outcome: 'unknown', reason: 'protocol' });
  });
});
