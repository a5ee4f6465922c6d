import { expect, test } from 'vitest';
import { Buffers } from '../../../src/storage/s3/buffers.js';

const MiB = 1 << 20;

test('a buffer that was given back is lent again, at the length that is asked for', async () => {
  const buffers = new Buffers(16 * MiB);
  const first = await buffers.take(8 * MiB);
  first.giveBack(true);
  const second = await buffers.take(8 * MiB - 5);
  expect(second.bytes.length).toBe(8 * MiB - 5);
  expect(second.bytes.buffer).toBe(first.bytes.buffer);
});

test('one that may still be in use is not', async () => {
  const buffers = new Buffers(16 * MiB);
  const first = await buffers.take(8 * MiB);
  first.giveBack(false);
  first.giveBack(true);
  expect((await buffers.take(8 * MiB)).bytes.buffer).not.toBe(first.bytes.buffer);
});

test('no two have the same at once', async () => {
  const buffers = new Buffers(4 * MiB);
  const lent = await Promise.all(Array.from({ length: 4 }, () => buffers.take(MiB)));
  expect(new Set(lent.map(({ bytes }) => bytes.buffer)).size).toBe(4);
  for (const each of lent) each.giveBack(true);
  const again = await Promise.all(Array.from({ length: 4 }, () => buffers.take(MiB)));
  expect(new Set(again.map(({ bytes }) => bytes.buffer))).toEqual(new Set(lent.map(({ bytes }) => bytes.buffer)));
});

test('whoever waits gets the buffer that was given back', async () => {
  const buffers = new Buffers(MiB);
  const first = await buffers.take(MiB);
  const waiting = buffers.take(MiB);
  first.giveBack(true);
  expect((await waiting).bytes.buffer).toBe(first.bytes.buffer);
});

test('idle buffers of other sizes make room', async () => {
  const buffers = new Buffers(4 * MiB);
  for (const size of [2 * MiB, 2 * MiB]) (await buffers.take(size)).giveBack(true);
  const large = await buffers.take(4 * MiB);
  large.giveBack(true);
  const kept = await buffers.take(4 * MiB);
  expect(kept.bytes.buffer).toBe(large.bytes.buffer);
});

test.each([0, 1, 70_000, MiB, MiB + 1])('%i bytes', async (bytes) => {
  const buffers = new Buffers(MiB);
  const lent = await buffers.take(bytes);
  expect(lent.bytes.length).toBe(bytes);
});
