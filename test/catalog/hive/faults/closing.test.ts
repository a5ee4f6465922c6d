import { describe, expect, test } from 'vitest';
import type { ReceivedCall } from '../server.js';
import { endOf, endOfRaw, FRAMINGS, right } from './harness.js';

describe.each(FRAMINGS)('a server that goes away, framed: %s', (framed) => {
  test.each<[string, (call: ReceivedCall) => void]>([
    ['closes after the call', ({ socket }) => socket.end()],
    ['drops the socket after the call', ({ socket }) => socket.destroy()],
    ['resets after the call', ({ socket }) => socket.resetAndDestroy()],
  ])('%s: unknown, at once', async (_what, leave) => {
    const fault = await endOf((call) => void leave(call), { framed, timeoutMs: 60_000 });
    expect(fault).toMatchObject({ outcome: 'unknown', reason: 'closed' });
  });

  test('closes before it has read the call: unknown all the same, since nobody can tell', async () => {
    const fault = await endOfRaw((socket) => socket.end(), { framed, timeoutMs: 60_000 });
    expect(fault).toMatchObject({ outcome: 'unknown', reason: 'closed' });
  });

  test('closes after any number of bytes of its reply: unknown', async () => {
    const length = right({ method: 'get_table_req', seqid: 1 } as ReceivedCall, framed, 'ab').length;
    for (let kept = 1; kept < length; kept += 1) {
      const fault = await endOf((call) => void call.socket.end(right(call, framed, 'ab').subarray(0, kept)), {
        framed,
        timeoutMs: 60_000,
      });
      expect(fault, `${kept} of ${length} bytes`).toMatchObject({ outcome: 'unknown', reason: 'closed' });
    }
  });

  test('resets in the middle of its reply: unknown', async () => {
    const fault = await endOf(
      (call) => void call.socket.write(right(call, framed).subarray(0, 50), () => call.socket.resetAndDestroy()),
      { framed, timeoutMs: 60_000 },
    );
    expect(fault).toMatchObject({ outcome: 'unknown', reason: 'closed' });
  });

  test('its first call unanswered: the message doubts the transport', async () => {
    const { message, hint } = await endOf((call) => void call.socket.end(), { framed });
    expect(message).toBe(`get_table_req: the server closed the connection (${framed ? 'not framed' : 'framed'}? TLS? SASL?)`);
    expect(hint).toContain(framed ? 'HIVE_METASTORE_FRAMED=false' : 'HIVE_METASTORE_FRAMED=true');
    expect(hint).toContain('HIVE_METASTORE_TLS=true');
  });
});
