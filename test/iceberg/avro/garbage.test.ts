/** Damaged manifests and lists of every codec end in a result or a BcnError, soon, and never take more memory than their bytes can be worth. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadCodec } from '../../../src/iceberg/avro/codec.js';
import { readManifest, rewriteManifest } from '../../../src/iceberg/manifest.js';
import { readManifestList, rewriteManifestList } from '../../../src/iceberg/manifest-list.js';
import { survives } from '../puffin/support.js';

const folder = new URL('fixtures/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.avro'));

/** For a file of a few KB; a few bytes of bzip2 are a block of 45 MB, in a buffer that has doubled until it was large enough. */
const MOST = 16 * 1024 * 1024;
const MOST_BZIP2 = 256 * 1024 * 1024;
/** Such a block takes seconds: no search for a smaller one. */
const NO_SHRINKING = { endOnFailure: true };

/** Bytes that `work` adds to what buffers hold. What was given back meanwhile only makes it smaller. */
async function allocated(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().arrayBuffers;
  await work();
  return process.memoryUsage().arrayBuffers - before;
}

async function endsWell(bytes: Buffer, most = MOST): Promise<void> {
  const path = (path: string) => `x${path}`;
  const works = [
    () => readManifest(bytes, 'f', () => {}),
    () => rewriteManifest(bytes, 'f', { path, rewritten: () => ({ size: 1, columnSizes: null, splitOffsets: [1] }) }),
    () => readManifestList(bytes, 'f'),
    () => rewriteManifestList(bytes, 'f', { path, length: (_, n) => n + 1 }),
  ];
  for (const work of works) expect(await allocated(() => survives<unknown>(work, 'f'))).toBeLessThan(most);
}

describe.each(names)('%s', (name) => {
  const bytes = readFileSync(new URL(name, folder));
  const most = name.includes('bzip2') ? MOST_BZIP2 : MOST;

  test('with bytes changed, cut out or doubled', async () => {
    // The end holds the packed records, the beginning mostly the schema.
    const at = fc.oneof(fc.nat(bytes.length - 1), fc.integer({ min: Math.max(0, bytes.length - 500), max: bytes.length - 1 }));
    const change = fc.tuple(at, fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), at, at, async (changes, a, b) => {
        const copy = Buffer.from(bytes);
        for (const [i, value] of changes) copy[i] = value;
        await endsWell(copy, most);
        await endsWell(Buffer.concat([copy.subarray(0, a), copy.subarray(b)]), most);
      }),
      { numRuns: 80, ...NO_SHRINKING },
    );
  }, 60_000);
});

test('random bytes, alone and behind the magic', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('', 'Obj\x01'), fc.uint8Array({ maxLength: 300 }), (magic, rest) =>
      endsWell(Buffer.concat([Buffer.from(magic, 'latin1'), rest])),
    ),
    { numRuns: 1000, ...NO_SHRINKING },
  );
});

describe('what a packed block says of its size is not believed', () => {
  const frame = (flags: number, rest: readonly number[]) => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, flags, ...rest]);
  const oneByte = [9, 0, 0, 97];

  test.each([
    ['a zstandard frame of 2 GB with one byte', 'zstandard', frame(0xa0, [0, 0, 0xe0, 0x7f, ...oneByte])],
    ['a zstandard window of 1 GiB', 'zstandard', frame(0, [20 << 3, ...oneByte])],
    ['a snappy block of 4 GB', 'snappy', Buffer.from('ffffffff0f00aabbccdd', 'hex')],
  ])('%s', async (_, name, packed) => {
    const codec = await loadCodec(name);
    await survives(async () => codec.decompress(packed));
    expect(await allocated(() => survives(async () => codec.decompress(packed)))).toBeLessThan(MOST);
  });

  test('a snappy literal of 4 GiB, at which snappyjs never returns', async () => {
    const { decompress } = await loadCodec('snappy');
    const block = Buffer.concat([Buffer.from([40, 0xfc, 0xf0, 0xff, 0xff, 0xff]), Buffer.alloc(44)]);
    await expect((async () => decompress(block))()).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('a zstandard frame with fewer bytes than it says is damaged, not filled with zeros', async () => {
    const { decompress } = await loadCodec('zstandard');
    const result = (async () => decompress(frame(0x20, [200, ...oneByte])))();
    await expect(result).rejects.toMatchObject({ code: 'corrupt' });
  });
});
