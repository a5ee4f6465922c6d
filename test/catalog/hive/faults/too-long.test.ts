import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../../../src/catalog/hive/wire.js';
import type { ReceivedCall } from '../server.js';
import { endOf, FRAMINGS, headThen, inFrame, METHOD } from './harness.js';

const UNREADABLE = { outcome: 'unknown', reason: 'protocol' };

/** The deadline is a minute, so whatever ends sooner was refused when its length was announced: none of these sends what it announces. */
const PATIENT = 60_000;

describe.each(FRAMINGS)('a reply that announces too much, framed: %s', (framed) => {
  test.each([
    ['a string of 1 GB', '0b0000 40000000', 'announces 1073741824'],
    ['a string of -1', '0b0000 ffffffff', 'announces -1'],
    ['a string of a byte more than the cap', `0b0000 ${(LIMITS.bytes + 1).toString(16).padStart(8, '0')}`, 'announces'],
    ['a list of a billion', '0f0000 0b 3b9aca00', 'announces 1000000000'],
    ['a list of -1', '0f0000 0b ffffffff', 'announces -1'],
    ['a set of two billion structs', '0e0000 0c 7fffffff', 'announces 2147483647'],
    ['a map of a billion', '0d0000 0b0b 3b9aca00', 'announces 1000000000'],
    ['a list of 6 million bools', '0f0000 02 005b8d80', 'more than 5000000 values'],
    ['a list within lists', '0f0000 0f 00000001 0b 7fffffff', 'announces 2147483647'],
  ])('%s', async (_what, hex, words) => {
    // The frame promises more than has come, so that its end is not what gives the reply away.
    const fault = await endOf((call) => headThen(call, framed, hex, 5000), { framed, timeoutMs: PATIENT });
    expect(fault).toMatchObject(UNREADABLE);
    expect(fault.message).toContain(words);
  });

  test('a name of 1 GB', async () => {
    const body = Buffer.from('8001000240000000', 'hex');
    expect(await endOf(() => (framed ? inFrame(body, 5000) : body), { framed, timeoutMs: PATIENT })).toMatchObject(UNREADABLE);
  });

  test('a reply without end stops at the cap, not at the end of memory', { timeout: 60_000 }, async () => {
    const script = (call: ReceivedCall) => {
      call.socket.write(headThen(call, framed, '', LIMITS.bytes));
      pour(call);
      return undefined;
    };
    const fault = await endOf(script, { framed, timeoutMs: PATIENT });
    expect(fault).toMatchObject(UNREADABLE);
    expect(fault.message).toMatch(/bytes that are accepted|the frame ends before|bytes follow the frame/);
  });
});

describe('frames', () => {
  const reply = (hex: string) => () => Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const whole = `80010002 0000000d ${Buffer.from(METHOD).toString('hex')} 00000001 00`;

  test.each([
    ['of 2 GB', reply('7fffffff'), 'a frame announces 2147483647 bytes'],
    ['of a byte more than the cap', reply((LIMITS.bytes + 1).toString(16).padStart(8, '0')), 'a frame announces'],
    ['of nothing', reply('00000000'), 'the frame ends before its reply does'],
    ['that ends within the header', reply('00000006 80010002 0000'), 'the frame ends before its reply does'],
    ['that ends a byte too soon', reply(`00000019 ${whole.slice(0, -2)}`), 'the frame ends before its reply does'],
    [
      'whose reply claims a byte more than it holds',
      reply(`00000020 ${whole.slice(0, -2)} 0b0000 00000001`),
      'the frame ends before',
    ],
    ['that its reply does not fill', reply(`00000020 ${whole}`), 'the reply does not fill its frame'],
    ['with more behind it', reply(`0000001a ${whole} 00`), 'bytes follow the frame'],
  ])('%s', async (_what, script, words) => {
    const fault = await endOf(script, { framed: true, timeoutMs: PATIENT });
    expect(fault).toMatchObject(UNREADABLE);
    expect(fault.message).toContain(words);
  });
});

/** Fields of 64 KB, as fast as they are taken. */
function pour({ socket }: ReceivedCall): void {
  const chunk = Buffer.concat([Buffer.from('0b000000010000', 'hex'), Buffer.alloc(0x10000)]);
  let id = 1;
  const more = () => {
    while (!socket.destroyed) {
      chunk.writeUInt16BE(id++ & 0x7fff, 1);
      if (!socket.write(Buffer.from(chunk))) return void socket.once('drain', more);
    }
  };
  more();
}
