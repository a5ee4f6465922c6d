import { expect, test } from 'vitest';
import { xxh32 } from '../../../src/iceberg/puffin/xxh32.js';

// Values of the reference implementation (xxhsum -H0).
test.each([
  ['', 0x02cc5d05],
  ['a', 0x550d7456],
  ['abc', 0x32d153ff],
  ['Nobody inspects the spammish repetition', 0xe2293b2f],
])('of %j', (text, hash) => {
  expect(xxh32(Buffer.from(text))).toBe(hash);
});
