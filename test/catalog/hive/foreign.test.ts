import { expect, test } from 'vitest';
import { printable, recognise } from '../../../src/catalog/hive/foreign.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const SASL = `04 00000002 ${Buffer.from('no').toString('hex')}`;

test.each<[string, string, boolean, object | 'more' | undefined]>([
  ['a SASL refusal', SASL, false, { reason: 'sasl', outcome: 'not-sent' }],
  ['a SASL refusal', SASL, true, { reason: 'sasl', outcome: 'not-sent' }],
  ['the start of one', '04000000', false, 'more'],
  ['BAD instead of ERROR', '03 00000000', false, { reason: 'sasl' }],
  ['a SASL status with a length that no refusal has', '04 00010000', false, undefined],
  ['a SASL success', '05 00000000', false, undefined],
  ['a TLS alert', '15 0303 0002 020a', false, { outcome: 'not-sent', text: 'the server speaks TLS' }],
  ['an alert of TLS 1.0', '15 0301 0002 0228', true, { outcome: 'not-sent', text: 'the server speaks TLS' }],
  ['something like an alert', '15 0903 0002 020a', false, undefined],
  ['HTTP', Buffer.from('HTTP/1.1 200').toString('hex'), false, { outcome: 'unknown', text: 'the server speaks HTTP' }],
  ['a framed reply', '00000020 80010002', false, { outcome: 'unknown', text: 'the server answers with framed transport' }],
  ['a framed reply', '00000020 80010002', true, undefined],
  ['an unframed exception', '80010003 00000001', true, { text: 'the server answers without framed transport' }],
  ['an unframed reply', '80010002 00000001', false, undefined],
  ['zeros', '00'.repeat(20), false, undefined],
  ['nothing', '', false, undefined],
])('%s (%s, framed: %s)', (_what, bytes, framed, expected) => {
  const found = recognise(hex(bytes), framed);
  if (typeof expected === 'object') expect(found).toMatchObject(expected);
  else expect(found).toBe(expected);
});

test('what a server says is cut at its announced length and at 200 bytes, and shown as ASCII', () => {
  const found = recognise(Buffer.concat([hex('04 00000003'), Buffer.from('a\u0007b and more')]), false);
  expect(found).toHaveProperty('text', expect.stringMatching(/"a\.b"$/));
  const long = recognise(Buffer.concat([hex('04 00000fff'), Buffer.alloc(4095, 'x')]), false);
  expect(long).toHaveProperty('text', expect.stringMatching(/[^x]x{200}"$/));
  expect(printable(hex('00 41 80 7f 20'))).toBe('.A.. ');
});
