import { describe, expect, test } from 'vitest';
import { readState, readStates, writeEvent } from '../../src/repository/events.js';
import { World } from '../support/world.js';

const ID = 'a'.repeat(64);

async function withEvents(names: readonly string[], body = '{}'): Promise<World> {
  const world = await World.open();
  for (const name of names) await world.put(world.uri('repo', `events/${ID}/${name}`), body);
  return world;
}

test('an event has the next number, padded, and says what it is', async () => {
  const world = await World.open();
  await writeEvent(world.place(), ID, 'deleted', { next: 1, random: false });
  await writeEvent(world.place(), ID, 'undeleted', { next: (await readState(world.place(), ID)).next, random: false });
  expect(await world.keys('repo', 'events/')).toEqual([`events/${ID}/000001-deleted.json`, `events/${ID}/000002-undeleted.json`]);
  const body = JSON.parse((await world.get(world.uri('repo', `events/${ID}/000001-deleted.json`))).toString('utf8'));
  expect(body).toEqual({ format: 1, kind: 'deleted', bcn: expect.any(String), nonce: expect.stringMatching(/^[0-9a-f]{16}$/) });
});

test('a number that a rival took: the next one', async () => {
  const world = await withEvents(['000001-damaged.json', '000002-damaged.json'], 'theirs');
  await writeEvent(world.place(), ID, 'damaged', { next: 1, random: false });
  expect(await world.keys('repo', 'events/')).toContain(`events/${ID}/000003-damaged.json`);
});

test('where creates are no compare-and-swap the name has a random part, and both forms are read everywhere', async () => {
  const world = await withEvents(['000001-deleted.json']);
  await writeEvent(world.place(), ID, 'undeleted', { next: 2, random: true });
  await writeEvent(world.place(), ID, 'undeleted', { next: 2, random: true });
  const keys = await world.keys('repo', 'events/');
  expect(keys).toHaveLength(3);
  expect(keys[1]).toMatch(/\/000002-undeleted-[0-9a-f]{16}\.json$/);
  expect(await readState(world.place(), ID)).toMatchObject({ deleted: false, next: 3 });
});

describe('what they say together', () => {
  const START = Date.UTC(2026, 0, 10);
  test.each([
    [[], { deleted: false, attached: false, damaged: false, next: 1 }],
    [['1-deleted', '2-deleted', '3-verified'], { deleted: true, since: START, next: 4 }],
    [['1-deleted', '2-undeleted', '3-deleted', '4-deleted'], { deleted: true, since: START + 2 }],
    [['1-deleted', '2-undeleted-00ff'], { deleted: false }],
    // Of one number: the store's time decides.
    [['1-deleted-aa', '1-undeleted-aa'], { deleted: false }],
    [['1-undeleted-bb', '1-deleted-bb'], { deleted: true }],
    [['1-attached', '2-attached', '3-detached'], { attached: true }],
    [['1-attached', '2-detached', '3-detached', '4-attached'], { attached: true }],
    [['1-attached', '2-detached'], { attached: false }],
    [['1-damaged', '2-verified'], { damaged: true }],
    [['1-damaged', '2-repaired'], { damaged: false }],
    // A kind of a later version.
    [['1-deleted', '7-drilled'], { deleted: true, next: 8 }],
  ])('%j', async (names, state) => {
    const world = await World.open();
    for (const name of names) {
      await world.store('repo').create(`events/${ID}/${name}.json`, Buffer.from('{}'));
    }
    expect(await readState(world.place(), ID)).toMatchObject(state);
    const { states, foreign } = await readStates(world.place());
    expect(foreign).toEqual([]);
    if (names.length > 0) expect(states.get(ID)).toMatchObject(state);
  });
});

test('bodies decide nothing: empty, truncated and binary ones count as any other', async () => {
  for (const body of ['', '{"format":1,"ki', '\u0000\u0001', 'x'.repeat(10_000)]) {
    const world = await withEvents(['000001-deleted.json'], body);
    expect((await readState(world.place(), ID)).deleted).toBe(true);
  }
});

test('what is no event is named and decides nothing', async () => {
  const names = [
    'deleted.json',
    '1-deleted',
    '1-DELETED.json',
    '-1-deleted.json',
    '1-deleted-XY.json',
    'x/1-deleted.json',
    '1234567890123456-deleted.json',
  ];
  const world = await withEvents(names);
  await world.put(world.uri('repo', 'events/loose.json'), '');
  expect(await readState(world.place(), ID)).toMatchObject({ deleted: false, next: 1 });
  const { states, foreign } = await readStates(world.place());
  expect([...states.keys()]).toEqual([]);
  expect(foreign).toHaveLength(names.length + 1);
});

test('the events of several backups are told apart', async () => {
  const world = await World.open();
  for (const [id, kind] of [
    ['a', 'deleted'],
    ['ab', 'verified'],
    ['b', 'deleted'],
  ])
    await world.put(world.uri('repo', `events/${id}/1-${kind}.json`), '');
  const { states } = await readStates(world.place());
  expect([...states].map(([id, { deleted }]) => [id, deleted])).toEqual([
    ['a', true],
    ['ab', false],
    ['b', true],
  ]);
});
