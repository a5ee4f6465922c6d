import { expect, test } from 'vitest';
import { checkVector, startsLikeVector } from '../../../src/iceberg/puffin/vector.js';
import { fixture, vector } from './support.js';

test('vectors that Spark wrote', () => {
  const file = fixture('vectors.puffin');
  const places = JSON.parse(fixture('expected.json').toString()) as readonly { readonly offset: string; readonly size: string }[];
  expect(places).toHaveLength(3);
  for (const { offset, size } of places) {
    const blob = file.subarray(Number(offset), Number(offset) + Number(size));
    expect(checkVector(blob)).toBeUndefined();
    expect(startsLikeVector(blob)).toBe(true);
    for (let at = 0; at < blob.length; at++) {
      const flipped = Buffer.from(blob);
      flipped[at] = (flipped[at] as number) ^ 0x10;
      expect(checkVector(flipped), `byte ${at}`).toBeDefined();
    }
    for (let end = 0; end < blob.length; end++) expect(checkVector(blob.subarray(0, end))).toBeDefined();
  }
});

test('the shortest', () => expect(checkVector(vector())).toBeUndefined());

test.each<readonly [string, string, Buffer]>([
  ['too few bytes', 'has 19 bytes; the shortest', vector().subarray(0, 19)],
  ['a byte too much', 'says that its vector has 12 bytes, but lies in 21', Buffer.concat([vector(), Buffer.alloc(1)])],
  ['another magic', 'does not begin like', patched(7, 0x65)],
  ['another bitmap', 'wrong checksum', patched(9, 1)],
])('%s', (_, message, blob) => {
  expect(checkVector(blob)).toContain(message);
});

function patched(at: number, byte: number): Buffer {
  const blob = vector();
  blob[at] = byte;
  return blob;
}
