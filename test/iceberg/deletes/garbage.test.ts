/** Bytes of any kind end in a result or in `corrupt` or `unsupported`, soon, and without taking more memory than they are worth. */
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { inspectPositionDeletes } from '../../../src/iceberg/deletes/inspect.js';
import { survives } from '../puffin/support.js';
import { deleteFile, fixture, fixtures, rewrite } from './support.js';

const path = (path: string) => `x${path}`;
const OBJECT = 's3://b/t/delete';

/** Bytes that a rewrite may allocate at a time for a file of a few KB: its buffers for a row group, and what zstd unpacks from a few bytes. */
const MOST = 16 * 1024 * 1024;
/** A few bytes of bzip2 are a block of 45 MB. */
const MOST_BZIP2 = 64 * 1024 * 1024;

afterEach(() => void vi.restoreAllMocks());

async function endsWell(bytes: Buffer, most = MOST): Promise<void> {
  const sizes: number[] = [];
  for (const method of ['alloc', 'allocUnsafe'] as const) {
    const original = Buffer[method].bind(Buffer);
    vi.spyOn(Buffer, method).mockImplementation((size: number) => {
      sizes.push(size);
      return original(size);
    });
  }
  await survives(() => inspectPositionDeletes(deleteFile(bytes)), OBJECT);
  await survives(() => rewrite(bytes, { path }), OBJECT);
  vi.restoreAllMocks();
  expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(most);
}

const RUNS = Number(process.env.BCN_FUZZ_RUNS ?? 60);

describe.each(fixtures)('%s', (name) => {
  const bytes = fixture(name);
  const most = name.includes('bzip2') ? MOST_BZIP2 : MOST;

  test('cut short', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), (length) => endsWell(bytes.subarray(0, length), most)),
      { numRuns: RUNS / 4 },
    );
  });

  test('with its end on a shorter body', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), fc.nat(bytes.length), (a, b) =>
        endsWell(Buffer.concat([bytes.subarray(0, Math.min(a, b)), bytes.subarray(Math.max(a, b))]), most),
      ),
      { numRuns: RUNS / 2 },
    );
  });

  test('with some bits or bytes changed', async () => {
    const change = fc.tuple(
      fc.nat(bytes.length - 1),
      fc.oneof(fc.constantFrom(1, 2, 4, 8, 16, 32, 64, 128), fc.integer({ min: 1, max: 255 })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const copy = Buffer.from(bytes);
        for (const [at, bits] of changes) copy[at] = (copy[at] as number) ^ bits;
        await endsWell(copy, most);
        await setImmediate();
      }),
      { numRuns: RUNS },
    );
  });
});

test('random bytes behind each magic', async () => {
  const magic = fc.constantFrom('PAR1', 'Obj\x01', 'ORC', '');
  await fc.assert(
    fc.asyncProperty(magic, fc.uint8Array({ maxLength: 400 }), (head, body) =>
      endsWell(Buffer.concat([Buffer.from(head, 'latin1'), body, Buffer.from(head, 'latin1')])),
    ),
    { numRuns: 1000 },
  );
});

test('a random footer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), (footer) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(footer.length);
      return endsWell(Buffer.concat([Buffer.from('PAR1'), footer, length, Buffer.from('PAR1')]));
    }),
    { numRuns: 1000 },
  );
});
