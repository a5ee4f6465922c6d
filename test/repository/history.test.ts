import { expect, test } from 'vitest';
import { healthOf, readEvents } from '../../src/repository/history.js';
import { Faults } from '../support/faults.js';
import { World } from '../support/world.js';

const HOUR = 3_600_000;

async function prepare(...keys: readonly string[]) {
  const world = await World.open();
  for (const key of keys) {
    world.now += HOUR;
    await world.put(world.uri('repo', `events/${key}`), '');
  }
  return world;
}

test('all events, by backup, in the order of their numbers; what is no event is passed over', async () => {
  const world = await prepare(
    'b/2-verified.json',
    'b/10-deleted-00ff.json',
    'a/1-drilled.json',
    'b/x.json',
    'b/1-deleted.txt',
    'c',
  );
  const faults = new Faults();
  const events = await readEvents(world.place(faults));
  expect(faults.ops).toBe(1);
  expect([...events].map(([id, list]) => [id, list.map(({ n, kind }) => `${n} ${kind}`)])).toEqual([
    ['a', ['1 drilled']],
    ['b', ['2 verified', '10 deleted']],
  ]);
  expect(events.get('b')?.[0]).toMatchObject({ key: 'events/b/2-verified.json', when: expect.any(Number) });
  expect([...(await readEvents(world.place(), { of: 'b' })).keys()]).toEqual(['b']);
});

test.each([
  [[], [false, 'never', 'well']],
  [['1-verified'], [false, 'verified', 'well']],
  [
    ['1-verified', '2-damaged'],
    [false, 'verified', 'damaged'],
  ],
  [
    // What a later check did not look at is damaged all the same.
    ['1-damaged', '2-verified-0a'],
    [false, 'verified', 'damaged'],
  ],
  [
    ['1-damaged', '2-repaired'],
    [false, 'never', 'well'],
  ],
  [
    ['1-deleted', '2-undeleted-0b', '10-deleted-0c'],
    [true, 'never', 'well'],
  ],
  [
    ['9-deleted', '10-undeleted'],
    [false, 'never', 'well'],
  ],
])('%j', async (names, [deleted, verified, damaged]) => {
  const world = await prepare(...names.map((name) => `a/${name}.json`));
  const state = healthOf((await readEvents(world.place())).get('a'));
  expect(state.deleted).toBe(deleted);
  expect(state.verified).toEqual(verified === 'never' ? null : expect.stringMatching(/^2026-01-10T/));
  expect(state.damaged).toEqual(damaged === 'well' ? null : expect.stringMatching(/^2026-01-10T/));
});

test('the newest verification counts, by the time of its object', async () => {
  const world = await prepare('a/1-verified.json', 'a/2-verified.json');
  expect(healthOf((await readEvents(world.place())).get('a')).verified).toMatch(/^2026-01-10T02:/);
});

test('a store that tells no times', () => {
  const event = (kind: string) => ({ key: 'k', n: 1, kind, when: undefined });
  expect(healthOf([event('verified')])).toEqual({ deleted: false, verified: null, damaged: null });
  expect(healthOf([event('damaged')])).toMatchObject({ damaged: '' });
});
