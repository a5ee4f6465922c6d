import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Puffin, readPuffin } from '../../../src/iceberg/puffin/file.js';
import { rewriteFooter } from '../../../src/iceberg/puffin/rewrite.js';
import { fixture, frame, puffin, survives, vector } from './support.js';

/** Reads a file, and says which ranges of it were asked for. */
async function read(
  bytes: Buffer,
  size = bytes.length,
): Promise<{ puffin: Puffin; ranges: readonly (readonly [number, number])[] }> {
  const ranges: [number, number][] = [];
  const found = await readPuffin('f', size, async (start, end) => {
    ranges.push([start, end]);
    return bytes.subarray(start, end);
  });
  return { puffin: found, ranges };
}

const blobs = (count: number) =>
  JSON.stringify({
    blobs: Array.from({ length: count }, (_, i) => ({
      type: 'deletion-vector-v1',
      offset: 4,
      length: 20,
      properties: { 'referenced-data-file': `s3://b/t/data/${i}.parquet` },
    })),
  });

describe('reads only what it needs', () => {
  test('a small file in one piece', async () => {
    const bytes = fixture('vectors.puffin');
    const { puffin: found, ranges } = await read(bytes);
    expect(ranges).toEqual([[0, bytes.length]]);
    expect(found).toMatchObject({ kind: 'puffin', size: bytes.length, footer: { start: 140, size: bytes.length } });
  });

  test('the ends of a large file', async () => {
    const bytes = puffin({ body: Buffer.concat([vector(), Buffer.alloc(300_000)]), payload: blobs(3) });
    const { puffin: found, ranges } = await read(bytes);
    expect(ranges).toEqual([
      [0, 9],
      [bytes.length - 65_536, bytes.length],
    ]);
    expect(found).toMatchObject({ kind: 'puffin', footer: { start: 300_024, blobs: { length: 3 } } });
  });

  test('all of a large footer', async () => {
    const bytes = puffin({ body: vector(), payload: blobs(1000) });
    const { puffin: found, ranges } = await read(bytes);
    expect(ranges.at(-1)).toEqual([24, bytes.length]);
    expect(found).toMatchObject({ kind: 'puffin', footer: { start: 24, blobs: { length: 1000 } } });
  });

  test('a footer of just as many bytes as are read at first', async () => {
    const bytes = puffin({ body: vector(), payload: blobs(1).padEnd(65_536 - 16) });
    const { puffin: found, ranges } = await read(bytes);
    expect(ranges).toHaveLength(2);
    expect(found).toMatchObject({ kind: 'puffin', footer: { start: 24, blobs: { length: 1 } } });
  });

  test('vectors without a container', async () => {
    expect((await read(vector())).puffin).toEqual({ kind: 'raw', size: 20 });
    const large = vector(Buffer.alloc(200_000));
    expect((await read(large)).puffin).toEqual({ kind: 'raw', size: large.length });
  });
});

describe('refuses', () => {
  test('a file that is shorter than it should be', async () => {
    const bytes = fixture('vectors.puffin');
    const refusal = { code: 'corrupt', object: 'f', message: expect.stringContaining('it should have 1097 in all') };
    await expect(read(bytes, bytes.length + 1)).rejects.toMatchObject(refusal);
  });

  test('an empty file, unread', async () => {
    await expect(readPuffin('f', 0, () => Promise.reject(new Error('asked')))).rejects.toMatchObject({
      code: 'corrupt',
      object: 'f',
    });
  });

  test('what reading throws is passed on', async () => {
    await expect(readPuffin('f', 9, () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  });
});

describe('random damage gives a result or a BcnError', () => {
  const samples = [
    ...['vectors.puffin', 'packed.puffin', 'theta.puffin'].map(fixture),
    puffin({ payload: frame(Buffer.from(blobs(2)), { flags: 0x70 & 0x6f }), flags: 1, body: vector() }),
    vector(Buffer.alloc(40)),
  ];
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
  const damaged = fc
    .record({
      sample: fc.constantFrom(...samples),
      hits: fc.array(fc.record({ back: fc.oneof(fc.nat(12), fc.nat(1200)), value: byte }), { maxLength: 4 }),
      cut: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(1200) }),
      extra: fc.oneof(
        { weight: 4, arbitrary: fc.constant(new Uint8Array()) },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
      ),
    })
    .map(({ sample, hits, cut, extra }) => {
      const bytes = Buffer.from(sample);
      for (const { back, value } of hits) if (back < bytes.length) bytes[bytes.length - 1 - back] = value;
      return Buffer.concat([bytes.subarray(0, Math.max(0, bytes.length - cut)), extra]);
    });
  const garbage = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  const wrapped = fc.record({ payload: garbage, flags: fc.constantFrom(0, 1), body: garbage }).map((spec) => puffin(spec));

  test('in reading and rewriting', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 3, arbitrary: damaged }, garbage, wrapped), async (bytes) => {
        await survives(async () => {
          const { puffin: found } = await read(bytes);
          if (found.kind === 'raw') return;
          const { size, bytes: end } = rewriteFooter(found.footer, (path) => `${path}/more`);
          // Whatever was accepted is accepted again, with the same blobs in the same places.
          const again = await read(Buffer.concat([bytes.subarray(0, found.footer.start), end]));
          expect(again.puffin).toMatchObject({ kind: 'puffin', size });
          const places = ({ footer }: typeof found) => footer.blobs.map(({ offset, length, type }) => [offset, length, type]);
          expect(places(again.puffin as typeof found)).toEqual(places(found));
        }, 'f');
      }),
      { numRuns: 4000 },
    );
  }, 60_000);

  test('every cut of a file is corrupt', async () => {
    for (const bytes of samples)
      for (let end = 0; end < bytes.length; end++)
        await expect(read(bytes.subarray(0, end))).rejects.toMatchObject({ code: 'corrupt' });
  });
});
