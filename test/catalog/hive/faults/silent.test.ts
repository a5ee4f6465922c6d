import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Connection } from '../../../../src/catalog/hive/connection.js';
import { parseEndpoints } from '../../../../src/catalog/hive/endpoints.js';
import { fields, getText, text } from '../../../../src/catalog/hive/fields.js';
import { dial } from '../../../../src/catalog/hive/socket.js';
import { startServer } from '../server.js';
import { endOf, endOfRaw, FRAMINGS, headThen, right } from './harness.js';

const TIMED_OUT = { outcome: 'unknown', reason: 'timeout' };

describe.each(FRAMINGS)('a server that makes us wait, framed: %s', (framed) => {
  test('says nothing', async () => {
    const fault = await endOf(() => undefined, { framed });
    expect(fault).toMatchObject(TIMED_OUT);
    expect(fault.message).toContain('no answer after 400 ms');
  });

  test.each([1, 4, 5, 12, 40, 80])('says nothing after %i bytes of its reply', async (kept) => {
    expect(await endOf((call) => right(call, framed).subarray(0, kept), { framed, timeoutMs: 150 })).toMatchObject(TIMED_OUT);
  });

  test('says nothing but keeps its reply coming, a byte now and then: the deadline is for the whole call', async () => {
    const fault = await endOf(
      (call) => {
        const reply = headThen(call, framed, `0b0000 00100000 ${'61'.repeat(1000)}`, framed ? 0x100020 : undefined);
        trickle(call.socket, reply, 10);
        return undefined;
      },
      { framed },
    );
    expect(fault).toMatchObject(TIMED_OUT);
  });

  test('reads nothing, so that a long call never gets out of this process', async () => {
    const args = fields([[1, text('x'.repeat(32 * 1024 * 1024))]]);
    expect(await endOfRaw((socket) => socket.pause(), { framed, args })).toMatchObject(TIMED_OUT);
  });

  test('sends its reply byte by byte, but does send it: fine', async () => {
    const server = await startServer(
      (call) => {
        trickle(call.socket, right(call, framed, 'slow'), 0);
        return undefined;
      },
      { framed },
    );
    const [endpoint] = parseEndpoints(server.uri);
    if (endpoint === undefined) throw new Error('no endpoint');
    const connection = new Connection(await dial(endpoint, { connectMs: 5000 }), framed);
    for (const method of ['first', 'second']) {
      expect(getText(await connection.call(method, fields([]), { timeoutMs: 15_000 }), 0)).toBe('slow');
    }
    connection.close();
    await server.close();
  });
});

function trickle(socket: Socket, bytes: Buffer, pauseMs: number): void {
  let at = 0;
  const next = () => {
    if (at >= bytes.length || socket.destroyed) return;
    socket.write(bytes.subarray(at, at + 1));
    at += 1;
    setTimeout(next, pauseMs);
  };
  next();
}
