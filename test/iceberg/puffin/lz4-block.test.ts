import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unpackBlock } from '../../../src/iceberg/puffin/lz4-block.js';
import { survives } from './support.js';

function unpack(block: readonly number[], room = 100, before = ''): string {
  const out = Buffer.alloc(before.length + room);
  out.write(before);
  return out.toString('latin1', before.length, unpackBlock(Buffer.from(block), out, before.length, out.length, 0));
}

const text = (value: string) => [...Buffer.from(value)];

describe('unpacks', () => {
  test('literals only', () => expect(unpack([0x30, ...text('abc')])).toBe('abc'));
  test('no bytes at all', () => expect(unpack([0x00])).toBe(''));
  test('a match that overlaps itself', () =>
    expect(unpack([0x34, ...text('abc'), 3, 0, 0x10, ...text('!')])).toBe('abcabcabcab!'));
  test('lengths that go on in bytes', () => {
    const literals = 'x'.repeat(14) + 'y'.repeat(256);
    const block = [0xff, 255, 0, ...text(literals), 2, 0, 255, 0, 0x00];
    expect(unpack(block, 1000)).toBe(literals + 'y'.repeat(15 + 255 + 4));
  });
  test('a match in what came before the block', () => expect(unpack([0x00, 5, 0, 0x00], 100, 'hello')).toBe('hell'));
});

describe('refuses', () => {
  test.each<readonly [string, readonly number[], string]>([
    ['nothing', [], 'ends too early'],
    ['literals cut off', [0x30, 1, 2], 'ends too early'],
    ['a length cut off', [0xf0, 255], 'ends too early'],
    ['a distance cut off', [0x10, 1, 1], 'ends too early'],
    ['a match length cut off', [0x1f, 1, 1, 0, 255], 'ends too early'],
    ['an end behind a match', [0x10, 1, 1, 0], 'ends too early'],
    ['distance 0', [0x10, 1, 0, 0, 0x00], 'before its beginning'],
    ['a distance before the block', [0x10, 1, 2, 0, 0x00], 'before its beginning'],
    ['more literals than may be', [0xf0, 90, ...Array(105).fill(1)], 'more bytes than it may'],
    ['a longer match than may be', [0x1f, 1, 1, 0, 90, 0x00], 'more bytes than it may'],
  ])('%s', (_, block, message) => {
    const out = Buffer.alloc(200);
    expect(() => unpackBlock(Buffer.from(block), out, 50, 150, 50)).toThrow(message);
    // Not a byte outside of its place was written.
    expect([...out.subarray(0, 50), ...out.subarray(150)].every((byte) => byte === 0)).toBe(true);
  });
});

test('any bytes: a result inside its place, or corrupt', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.nat(300), fc.nat(20), async (bytes, room, before) => {
      const out = Buffer.alloc(before + room + 50);
      const end = await survives(() => unpackBlock(Buffer.from(bytes), out, before, before + room, 0));
      if (end !== undefined) expect(end).toBeLessThanOrEqual(before + room);
      expect(out.subarray(0, before).every((byte) => byte === 0)).toBe(true);
      expect(out.subarray(before + room).every((byte) => byte === 0)).toBe(true);
    }),
    { numRuns: 3000 },
  );
});
