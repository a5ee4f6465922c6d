import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeString, encodeContent, encodeString, hasEscape, offsetOfUnit } from '../../../src/iceberg/json/text.js';

const whole = (token: Buffer) => ({ start: 0, end: token.length });

test.each([
  ['"s3:\\/\\/b\\/caf\\u00e9"', 's3://b/café'],
  ['"\\ud83d\\ude0e"', '😎'],
  ['"\\ud800x"', '\ud800x'],
  ['"\\"\\\\\\b\\f\\n\\r\\t"', '"\\\b\f\n\r\t'],
  ['"\\\\u0041"', '\\u0041'],
  ['""', ''],
  ['"\ufeffé"', '\ufeffé'],
])('%s spells %j', (token, text) => {
  expect(decodeString(Buffer.from(token), whole(Buffer.from(token)))).toBe(text);
});

test('encoding and decoding are inverse, lone surrogates included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const token = encodeString(text);
      expect(decodeString(token, whole(token))).toBe(text);
      expect(token.subarray(1, -1)).toEqual(encodeContent(text));
      expect(hasEscape(token, whole(token))).toBe(token.includes(0x5c));
    }),
  );
});

/** A character with one of its spellings. */
const spelt = fc.tuple(fc.constantFrom('a', '/', 'é', '€', '😎', '"', '\\', '\n'), fc.boolean()).map(([text, escaped]) => {
  const units = text.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return { text, content: escaped ? units.join('') : text === '/' ? '\\/' : JSON.stringify(text).slice(1, -1) };
});

test('offsetOfUnit finds where a beginning ends, however it is spelt', () => {
  fc.assert(
    fc.property(fc.array(spelt), fc.array(spelt), (head, tail) => {
      const join = (parts: readonly { content: string }[]) => parts.map(({ content }) => content).join('');
      const token = Buffer.from(`"${join(head)}${join(tail)}"`);
      const units = head.map(({ text }) => text).join('').length;
      expect(offsetOfUnit(token, whole(token), units)).toBe(1 + Buffer.byteLength(join(head)));
    }),
  );
});
