import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { parallel } from '../src/parallel.js';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test('gives results in order, with no more calls at once than asked', async () => {
  let running = 0;
  let most = 0;
  const work = async (n: number) => {
    most = Math.max(most, ++running);
    await sleep((n * 7) % 5);
    running--;
    return n * 2;
  };
  expect(await all(parallel([0, 1, 2, 3, 4, 5, 6, 7], work, 3))).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
  expect(most).toBe(3);
});

test('after an error it ends when all that had begun is over, and begins nothing more', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const work = async (n: number) => {
    begun.push(n);
    if (n === 1) throw new Error('one');
    await sleep(20);
    ended.push(n);
  };
  await expect(all(parallel([0, 1, 2, 3, 4, 5, 6, 7], work, 4))).rejects.toThrow('one');
  expect(ended.sort()).toEqual(begun.filter((n) => n !== 1).sort());
  const then = begun.length;
  await sleep(30);
  expect(begun).toHaveLength(then);
  expect(then).toBeLessThan(8);
});

test('so it does when nobody wants more', async () => {
  const ended: number[] = [];
  const work = async (n: number) => {
    await sleep(n === 0 ? 0 : 20);
    ended.push(n);
  };
  for await (const _ of parallel([0, 1, 2], work, 3)) break;
  expect(ended.sort()).toEqual([0, 1, 2]);
});
