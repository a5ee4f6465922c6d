import { expect, test } from 'vitest';
import { Source, Window } from '../../../src/iceberg/deletes/source.js';
import { deleteFile } from './support.js';

const MiB = 1024 * 1024;
const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, i) => i % 251));

test('a small file is read once', async () => {
  const file = deleteFile(bytes(1000));
  const source = new Source(file, undefined);
  const parts = await Promise.all([source.range(0, 4), source.range(900, 1000), source.range(5, 5), source.range(4, 10)]);
  expect(parts.map((part) => part.length)).toEqual([4, 100, 0, 6]);
  expect(parts[1]?.[0]).toBe(900 % 251);
  expect(file.reads).toEqual([[0, 1000]]);
});

test('a large file is read in parts, and a window asks for a few MiB at a time', async () => {
  const file = deleteFile(Buffer.alloc(20 * MiB, 7));
  const window = new Window(new Source(file, undefined), 100, 15 * MiB);
  expect((await window.take(10)).length).toBe(10);
  expect((await window.take(MiB)).length).toBe(MiB);
  expect(file.reads).toEqual([[100, 100 + 4 * MiB]]);
  expect((await window.take(6 * MiB)).length).toBe(6 * MiB);
  // Nothing is read twice.
  expect(file.reads).toEqual([
    [100, 100 + 4 * MiB],
    [100 + 4 * MiB, 100 + 8 * MiB],
  ]);
  window.skip(5 * MiB);
  expect(window.pos).toBe(100 + 10 + 12 * MiB);
  expect((await window.peek(MiB)).length).toBeGreaterThanOrEqual(MiB);
  expect(file.reads.at(-1)).toEqual([110 + 12 * MiB, 15 * MiB]);
});

test('a window ends where it should, and nothing behind it is read', async () => {
  const file = deleteFile(bytes(100));
  const window = new Window(new Source(file, undefined), 10, 20);
  expect([...(await window.peek(1000))]).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  await window.take(8);
  expect(window.left).toBe(2);
  await expect(window.take(3)).rejects.toMatchObject({ code: 'corrupt' });
  expect(() => window.skip(3)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  expect(() => window.skip(-1)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  await expect(new Source(file, undefined).range(50, 101)).rejects.toMatchObject({ code: 'corrupt' });
  await expect(new Source(file, undefined).range(-1, 10)).rejects.toMatchObject({ code: 'corrupt' });
});

test('fewer bytes than the file has are told', async () => {
  const source = new Source({ name: 'f', size: 10, read: async () => Buffer.alloc(9) }, undefined);
  await expect(source.range(0, 4)).rejects.toMatchObject({ code: 'corrupt' });
});

test('an aborted signal ends the reading, and goes to the reader', async () => {
  const controller = new AbortController();
  let given: AbortSignal | undefined;
  const file = {
    name: 'f',
    size: 4,
    read: async (_start: number, _end: number, signal?: AbortSignal) => {
      given = signal;
      return Buffer.alloc(4);
    },
  };
  const source = new Source(file, controller.signal);
  await source.range(0, 4);
  expect(given).toBe(controller.signal);
  controller.abort(new Error('stop'));
  await expect(source.range(0, 4)).rejects.toThrow('stop');
});
