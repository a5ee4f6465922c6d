import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fields, text } from '../../../../src/catalog/hive/fields.js';
import { message, type ReceivedCall } from '../server.js';
import { endOf, endOfRaw, FRAMINGS, headThen, inFrame, right } from './harness.js';

const UNREADABLE = { outcome: 'unknown', reason: 'protocol' };
const NONE = fields([]);

describe.each(FRAMINGS)('a server that answers what is no reply, framed: %s', (framed) => {
  const options = { framed, timeoutMs: 60_000 };

  test.each<[string, (call: ReceivedCall) => Buffer, RegExp]>([
    ['HTTP', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /speaks HTTP/],
    ['zeros', () => Buffer.alloc(64), /does not belong to the call|ends before its reply/],
    ['0xff', () => Buffer.alloc(64, 0xff), /does not belong to the call/],
    ['another number', (call) => message(2, call.method, call.seqid + 1, NONE, framed), /does not belong to the call/],
    ['another name', (call) => message(2, 'put_table_req', call.seqid, NONE, framed), /does not belong to the call/],
    ['a longer name', (call) => message(2, `${call.method}_2`, call.seqid, NONE, framed), /does not belong to the call/],
    ['a call instead of a reply', (call) => message(1, call.method, call.seqid, NONE, framed), /does not belong to the call/],
    ['a one-way call', (call) => message(4, call.method, call.seqid, NONE, framed), /does not belong to the call/],
    ['the old protocol without version', (call) => old(call, framed), /does not belong to the call/],
    ['an unknown type', (call) => headThen(call, framed, '090000'), /unknown type 9/],
    ['a field twice', (call) => headThen(call, framed, '020000 01 020000 01 00'), /field 0 occurs twice/],
    ['100,000 nested structs', (call) => headThen(call, framed, '0c0000'.repeat(100_000)), /nested deeper than 64/],
    ['a byte more than its reply', (call) => Buffer.concat([right(call, framed), Buffer.of(1)]), /bytes follow|byte/],
    ['its reply twice', (call) => Buffer.concat([right(call, framed), right(call, framed)]), /bytes follow/],
  ])('%s: unknown, at once', async (_what, answer, words) => {
    const fault = await endOf(answer, options);
    expect(fault).toMatchObject(UNREADABLE);
    expect(fault.message).toMatch(words);
  });

  test('random bytes: never a result', async () => {
    for (let run = 0; run < 30; run += 1) {
      const noise = randomBytes(200);
      const fault = await endOf((call) => void call.socket.end(noise), options);
      expect(['protocol', 'closed', 'sasl'], noise.toString('hex')).toContain(fault.reason);
    }
  });

  test('a random byte of a right reply changed: a fault, or a reply of the same shape', async () => {
    const sound = right({ method: 'get_table_req', seqid: 1 } as ReceivedCall, framed, 'abc');
    // Behind the header only the text's bytes are free.
    const free = sound.indexOf('abc');
    for (let at = 0; at < sound.length; at += 1) {
      if (at >= free && at < free + 3) continue;
      // The field's number names another field: a whole reply, which the client above refuses.
      if (at === free - 5 || at === free - 6) continue;
      const damaged = Buffer.from(sound);
      damaged[at] = (damaged[at] ?? 0) ^ 0x15;
      const fault = await endOf((call) => void call.socket.end(damaged), options);
      expect(['protocol', 'closed'], `byte ${at}`).toContain(fault.reason);
      expect(fault.outcome).toBe('unknown');
    }
  });

  test('a greeting before it is asked', async () => {
    const fault = await endOfRaw((socket) => socket.write('220 smtp ready\r\n'), options);
    expect(fault).toMatchObject(UNREADABLE);
    expect(fault.message).toContain('220 smtp ready');
  });

  test('the other framing: named, with the variable', async () => {
    const fault = await endOf((call) => message(2, call.method, call.seqid, NONE, !framed), options);
    expect(fault).toMatchObject(UNREADABLE);
    expect(fault.message).toContain(framed ? 'without framed transport' : 'with framed transport');
    expect(fault.hint).toContain(`HIVE_METASTORE_FRAMED=${!framed}`);
  });

  test('a TLS alert: the server speaks TLS, and has read no call', async () => {
    const fault = await endOf(() => Buffer.from('1503030002020a', 'hex'), options);
    expect(fault).toMatchObject({ outcome: 'not-sent', reason: 'protocol' });
    expect(fault.message).toContain('the server speaks TLS');
    expect(fault.hint).toContain('HIVE_METASTORE_TLS=true');
  });
});

test('framed: bytes behind the reply but within its frame', async () => {
  const answer = (call: ReceivedCall) =>
    inFrame(Buffer.concat([message(2, call.method, call.seqid, fields([[0, text('x')]])), Buffer.of(0)]));
  expect(await endOf(answer, { framed: true, timeoutMs: 60_000 })).toMatchObject(UNREADABLE);
});

/** A message as TBinaryProtocol writes it when it is not strict: name, kind, number. */
function old(call: ReceivedCall, framed: boolean): Buffer {
  const name = Buffer.from(call.method);
  const body = Buffer.concat([Buffer.of(0, 0, 0, name.length), name, Buffer.of(2, 0, 0, 0, call.seqid, 0)]);
  return framed ? inFrame(body) : body;
}
