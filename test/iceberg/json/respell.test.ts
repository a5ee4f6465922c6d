import fc from 'fast-check';
import { expect, test } from 'vitest';
import { respell } from '../../../src/iceberg/json/respell.js';
import { splice } from '../../../src/iceberg/json/splice.js';
import { decodeString, encodeString } from '../../../src/iceberg/json/text.js';

const none = () => undefined;

function change(token: Buffer, to: string, spelling: () => Buffer | undefined = none) {
  const span = { start: 0, end: token.length };
  const { splice: edit, lost } = respell(token, span, decodeString(token, span), to, spelling);
  return { token: splice(token, [edit]), lost };
}

test('keeps the bytes of the common ending', () => {
  const { token, lost } = change(Buffer.from('"s3://b\\/caf\\u00e9"'), 's4://b/café');
  expect(token.toString()).toBe('"s4://b\\/caf\\u00e9"');
  expect(lost).toBeUndefined();
});

test('tells what is lost, and takes it back', () => {
  const odd = Buffer.from('"s3:\\/\\/b\\/x"');
  const { token, lost } = change(odd, 'x');
  expect(token.toString()).toBe('"x"');
  expect(lost?.toString()).toBe('s3:\\/\\/b\\/');
  expect(change(token, 's3://b/x', () => lost).token.toString()).toBe(odd.toString());
});

test('there and back is exact for any well-formed strings, also where surrogate pairs share a half', () => {
  const text = fc
    .array(fc.constantFrom('😎', '😀', '🌎', 'é', '/', '"', '\\', 'a', '\n'), { maxLength: 6 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, (from, to) => {
      const there = change(encodeString(from), to);
      expect(there).toEqual({ token: encodeString(to), lost: undefined });
      expect(change(there.token, from).token).toEqual(encodeString(from));
    }),
    { numRuns: 3000 },
  );
});
