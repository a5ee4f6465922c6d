import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unpackFrame } from '../../../src/iceberg/puffin/lz4-frame.js';
import { xxh32 } from '../../../src/iceberg/puffin/xxh32.js';
import { fixture, frame, survives, uint32LE, uint64LE } from './support.js';

const LIMIT = 1_000_000;
const FRAMES = Object.entries(JSON.parse(fixture('frames.json').toString()) as Record<string, string>).map(
  ([name, base64]) => [name, Buffer.from(base64, 'base64')] as const,
);
/** The contents, as make.py has them. */
const TEXT = Array.from({ length: 120 }, (_, i) => `${(i * i) % 997} `)
  .join('')
  .repeat(320);
const CONTENTS: Record<string, Buffer> = {
  noise: Buffer.from(Array.from({ length: 200 }, (_, i) => (i * i * 167 + i * 13) % 251)),
  empty: Buffer.alloc(0),
};

describe('frames of the reference library', () => {
  test.each(FRAMES)('%s', (name, bytes) => {
    const content = CONTENTS[name] ?? Buffer.from(TEXT);
    expect(unpackFrame(bytes, LIMIT).equals(content)).toBe(true);
  });

  test.each(FRAMES)('%s: no end but its own', (_, bytes) => {
    for (let end = 0; end < bytes.length; end += end < 40 || bytes.length - end < 40 ? 1 : 37)
      expect(() => unpackFrame(bytes.subarray(0, end), LIMIT)).toThrow('Damaged Puffin file');
    expect(() => unpackFrame(Buffer.concat([bytes, Buffer.alloc(1)]), LIMIT)).toThrow('1 bytes follow');
  });

  test('any flipped bit of a frame with all checksums is found', () => {
    const [, bytes] = FRAMES.find(([name]) =>
      name.startsWith('block_linked content_checksum block_checksum'),
    ) as (typeof FRAMES)[0];
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
      expect(() => unpackFrame(damaged, LIMIT), `byte ${at}`).toThrow(/Puffin file/);
    }
  });

  test('more than may be: unsupported, whether the frame says its size or not', () => {
    for (const name of ['none', 'store_size', 'noise']) {
      const bytes = FRAMES.find(([found]) => found === name)?.[1] as Buffer;
      const size = unpackFrame(bytes, LIMIT).length;
      expect(unpackFrame(bytes, size)).toHaveLength(size);
      expect(() => unpackFrame(bytes, size - 1)).toThrow(expect.objectContaining({ code: 'unsupported' }));
    }
  });
});

describe('made by hand', () => {
  const abc = Buffer.from('abc');
  test('a block that is not packed', () => expect(unpackFrame(frame(abc), LIMIT).toString()).toBe('abc'));

  test.each<readonly [string, string, Buffer]>([
    ['no frame', 'corrupt', Buffer.from('{"blobs":[]}')],
    ['a frame that may be skipped', 'corrupt', Buffer.concat([uint32LE(0x184d2a50), uint32LE(0)])],
    ['a frame of the old format', 'corrupt', Buffer.concat([uint32LE(0x184c2102), uint32LE(0)])],
    ['a wrong header checksum', 'corrupt', Buffer.from('04224d18604083', 'hex')],
    ['version 2', 'unsupported', frame(abc, { flags: 0xa0 })],
    ['the reserved flag', 'unsupported', frame(abc, { flags: 0x62 })],
    ['reserved bits of the descriptor', 'unsupported', frame(abc, { descriptor: 0x41 })],
    ['a dictionary', 'unsupported', frame(abc, { flags: 0x61, extra: uint32LE(7) })],
    ['block size code 3', 'corrupt', frame(abc, { descriptor: 0x30 })],
    ['a size that is too small', 'corrupt', frame(abc, { flags: 0x68, extra: uint64LE(2n) })],
    ['a size that is too large', 'corrupt', frame(abc, { flags: 0x68, extra: uint64LE(4n) })],
    ['a size of 2^64 - 1', 'corrupt', frame(abc, { flags: 0x68, extra: uint64LE(2n ** 64n - 1n) })],
    ['a block larger than the frame allows', 'corrupt', frame(Buffer.alloc(64 * 1024 + 1))],
    ['a packed block that unpacks to more than the frame allows', 'corrupt', frame(zeros(64 * 1024 + 1), { packed: true })],
    ['a wrong content checksum', 'corrupt', frame(abc, { flags: 0x64, end: uint32LE(xxh32(abc) ^ 1) })],
    ['a checksum cut off', 'corrupt', frame(abc, { flags: 0x64, end: Buffer.alloc(2) })],
  ])('%s: %s', (_, code, bytes) => {
    expect(() => unpackFrame(bytes, LIMIT)).toThrow(expect.objectContaining({ code }));
  });

  test('a huge size in a small frame allocates nothing', () => {
    const bytes = frame(Buffer.from('abc'), { flags: 0x68, extra: uint64LE(200n * 1024n * 1024n) });
    const before = process.memoryUsage().arrayBuffers;
    expect(() => unpackFrame(bytes, 2 ** 40)).toThrow('larger than it can be');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  test('blocks that stand alone do not refer to others; linked ones do', () => {
    const [first, second] = [Buffer.from([0x40, ...Buffer.from('wxyz')]), Buffer.from([0x00, 4, 0, 0x00])];
    const two = (flags: number) => {
      const one = frame(first, { flags, packed: true });
      return Buffer.concat([one.subarray(0, -4), uint32LE(second.length), second, Buffer.alloc(4)]);
    };
    expect(unpackFrame(two(0x40), LIMIT).toString()).toBe('wxyzwxyz');
    expect(() => unpackFrame(two(0x60), LIMIT)).toThrow('before its beginning');
  });

  /** A block of so many zeros. */
  function zeros(count: number): Buffer {
    const rest = count - 1 - 4 - 15;
    return Buffer.from([0x1f, 0, 1, 0, ...Array(Math.floor(rest / 255)).fill(255), rest % 255, 0x00]);
  }
});

test('any bytes behind a sound header: a result or a BcnError, and never more than 255 times the input', async () => {
  const headers = fc.record({ flags: fc.integer({ min: 0x40, max: 0x7f }), descriptor: fc.constantFrom(0x40, 0x50, 0x70) });
  await fc.assert(
    fc.asyncProperty(
      headers,
      fc.array(fc.uint8Array({ maxLength: 20 })),
      fc.uint8Array({ maxLength: 12 }),
      async (head, blocks, extra) => {
        const start = frame(Buffer.alloc(0), {
          ...head,
          extra: Buffer.from(extra).subarray(0, (head.flags & 8) + (head.flags & 1) * 4),
        });
        const body = blocks.map((block) => Buffer.concat([uint32LE(block.length + (block.length % 2) * 0x80000000), block]));
        const bytes = Buffer.concat([start.subarray(0, -4), ...body, Buffer.alloc(4)]);
        const content = await survives(() => unpackFrame(bytes, LIMIT));
        if (content !== undefined) expect(content.length).toBeLessThanOrEqual(bytes.length * 255);
      },
    ),
    { numRuns: 3000 },
  );
});
