import { describe, expect, test } from 'vitest';
import { unpackZstd } from '../../src/iceberg/zstd.js';

/** Frames of the reference library with a checksum: of `text()` at once, and as a stream, which states no size. */
const ONE = 'KLUv/WToAt0AAKBhYmMgZGVmIGdoaSBqa2wgbW5vIAEAol81mfQ/CZ8=';
const STREAM = 'KLUv/QRY3QAAoGFiYyBkZWYgZ2hpIGprbCBtbm8gAQCiXzWZ9D8Jnw==';
const text = () => Buffer.from('abc def ghi jkl mno '.repeat(50));

const frame = (flags: number, rest: readonly number[]) => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, flags, ...rest]);
/** A last block: 0 plain, 1 a byte repeated. */
const block = (type: number, size: number, last = 1) => [
  ...[last | (type << 1) | (size << 3)].flatMap((head) => [head & 255, (head >>> 8) & 255, head >>> 16]),
];
/** Without a size; the window is of 2^(10 + code). */
const windowed = (code: number, ...blocks: readonly (readonly number[])[]) => frame(0, [code << 3, ...blocks.flat()]);
const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

describe('frames', () => {
  test('with packed blocks', async () => {
    for (const packed of [ONE, STREAM]) expect((await unpackZstd(Buffer.from(packed, 'base64'), 1000)).equals(text())).toBe(true);
    for (const packed of [ONE, STREAM]) await expect(unpackZstd(Buffer.from(packed, 'base64'), 999)).rejects.toThrow();
  });

  test('several, and some to be skipped', async () => {
    const bytes = Buffer.concat([skippable, windowed(0, block(0, 2), [97, 98]), skippable, windowed(7, block(1, 300), [99])]);
    expect((await unpackZstd(bytes, 1000)).toString()).toBe(`ab${'c'.repeat(300)}`);
  });

  test('of no bytes', async () => {
    expect(await unpackZstd(windowed(0, block(0, 0)), 0)).toHaveLength(0);
    expect(await unpackZstd(Buffer.alloc(0), 0)).toHaveLength(0);
  });

  test('with a window of 3 GiB take no more memory than what comes out', async () => {
    // fzstd alone refuses the one and takes all of the memory for the other.
    for (const code of [21, 20]) expect((await unpackZstd(windowed(code, block(0, 1), [97]), 10)).toString()).toBe('a');
  });
});

test.each([
  ['another format', Buffer.from('no zstd at all')],
  ['a cut magic', Buffer.from([0x28, 0xb5, 0x2f])],
  ['no flags', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['no block', windowed(0)],
  ['a cut block', windowed(0, block(0, 5), [97])],
  ['no last block', windowed(0, block(0, 1, 0), [97])],
  ['a dictionary', frame(1, [0, 7, ...block(0, 0)])],
  ['a size that is too large', frame(0x20, [200, ...block(0, 1), 97])],
  ['a size of eight bytes', frame(0xe0, [255, 255, 255, 255, 255, 255, 255, 0, ...block(0, 1), 97])],
  ['fewer bytes than it says', frame(0x20, [2, ...block(0, 1), 97])],
  ['more bytes than there may be', windowed(0, block(1, 101), [97])],
  ['no checksum', frame(4, [0, ...block(0, 1), 97, 1, 2])],
  ['a skippable frame that ends too early', skippable.subarray(0, 10)],
])('%s is damage', async (_, bytes) => {
  await expect(unpackZstd(bytes, 100)).rejects.toThrow();
});
