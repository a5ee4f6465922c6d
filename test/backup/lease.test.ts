import { expect, test } from 'vitest';
import { Lease } from '../../src/backup/lease.js';
import { World } from '../support/world.js';

const G = 24;

test('holds while writes follow each other, and for half of the grace after the last', () => {
  const lease = new Lease();
  expect(lease.holds(0, G)).toBe(false);
  for (const date of [0, 18, 30]) lease.touch(date);
  expect([lease.holds(30, G), lease.holds(42, G), lease.holds(43, G)]).toEqual([true, true, false]);
});

test('a silence in which prune may have taken the run for dead breaks it for good', () => {
  const lease = new Lease(0);
  lease.touch(19);
  expect([lease.isUnbroken(G), lease.holds(19, G)]).toEqual([false, false]);
  lease.touch(20);
  expect(lease.holds(20, G)).toBe(false);
});

test('answers that come out of order are no silence', () => {
  const lease = new Lease(10);
  lease.touch(20);
  lease.touch(15);
  expect(lease.holds(32, G)).toBe(true);
});

test('a beat is a write of the run, at the store time of its answer', async () => {
  const world = await World.open();
  world.now = 1000;
  const lease = new Lease();
  await lease.beat(world.place(), 'r');
  expect(lease.holds(1012, G)).toBe(true);
  expect(lease.holds(1013, G)).toBe(false);
  expect(await world.keys('repo')).toEqual([expect.stringMatching(/^runs\/r\/beat-\d+-[0-9a-f]{8}$/)]);
});
