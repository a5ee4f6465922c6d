import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splice } from '../../../src/iceberg/json/splice.js';

test('replaces, inserts, deletes and keeps the rest', () => {
  const text = (value: string) => Buffer.from(value);
  const result = splice(text('0123456789'), [
    { start: 0, end: 0, text: text('<') },
    { start: 2, end: 4, text: text('longer') },
    { start: 4, end: 6, text: text('') },
    { start: 10, end: 10, text: text('>') },
  ]);
  expect(result.toString()).toBe('<01longer6789>');
});

test('equals joining the pieces', () => {
  const piece = fc.tuple(fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ maxLength: 5 }));
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      let at = 0;
      const splices = pieces.map(([kept, old, text]) => {
        const start = at + kept.length;
        at = start + old.length;
        return { start, end: at, text: Buffer.from(text) };
      });
      const before = Buffer.concat(pieces.flatMap(([kept, old, _]) => [kept, old]));
      expect(splice(before, splices)).toEqual(Buffer.concat(pieces.flatMap(([kept, , text]) => [kept, text])));
    }),
  );
});

test.each([
  [
    [
      [2, 4],
      [3, 5],
    ],
  ],
  [
    [
      [4, 5],
      [1, 2],
    ],
  ],
  [[[4, 3]]],
  [[[9, 11]]],
])('refuses splices %j', (spans) => {
  const splices = (spans as [number, number][]).map(([start, end]) => ({ start, end, text: Buffer.alloc(0) }));
  expect(() => splice(Buffer.alloc(10), splices)).toThrow(RangeError);
});
