import { describe, expect, test } from 'vitest';
import { listBackups } from '../../src/repository/list.js';
import { COMMANDS } from '../support/commands.js';
import { failure, type World } from '../support/world.js';
import { type Kind, keysOf, kinds, neededBy, repository } from './repository.js';

/** What damage to an object of a kind does (specs/02, "What a reader must refuse"). */
const WHOLE: readonly Kind[] = ['record'];
/** It says what a backup needs: prune removes nothing while it cannot be read. */
const NAMES_OTHERS: readonly Kind[] = ['commit', 'root', 'pack'];
/** Nobody reads what it holds: its key and time are all of it, and without it nothing is lost. */
const NO_MEANING: readonly Kind[] = ['mark', 'event', 'hint', 'mark of a hint', 'begin', 'beat', 'end'];

const NAMES = ['old', 'new', 'other', 'fixed'] as const;

interface Damage {
  readonly what: string;
  /** undefined: the object is gone. */
  readonly bytes: Buffer | undefined;
  /** The other object of the kind has its bytes. */
  readonly swapped?: boolean;
}

function damagesOf(key: string, whole: Buffer, rival: Buffer | undefined): readonly Damage[] {
  const damages: Damage[] = [{ what: 'removed', bytes: undefined }];
  const { length } = whole;
  if (length > 0)
    damages.push({ what: 'emptied', bytes: Buffer.alloc(0) }, { what: 'cut by a byte', bytes: whole.subarray(0, -1) });
  if (length > 1) damages.push({ what: 'cut in half', bytes: whole.subarray(0, length >> 1) });
  // Bytes behind the last section of a pack belong to nobody.
  if (!key.includes('/pack-')) damages.push({ what: 'longer by a byte', bytes: Buffer.concat([whole, Buffer.from('x')]) });
  const at = new Set([
    0,
    length >> 1,
    length - 1,
    ((length * 7919) % 9973) % Math.max(length, 1),
    (length * 104_729) % Math.max(length, 1),
  ]);
  for (const place of length > 0 ? at : []) {
    const bytes = Buffer.from(whole);
    bytes[place] = (bytes[place] as number) ^ (1 << (place % 8));
    damages.push({ what: `byte ${place} flipped`, bytes });
  }
  if (rival && !rival.equals(whole)) damages.push({ what: 'swapped with another', bytes: rival, swapped: true });
  return damages;
}

interface Prepared {
  readonly world: World;
  readonly needs: ReadonlyMap<string, ReadonlySet<string>>;
}

let ready: Promise<Prepared> | undefined;
function prepared(): Promise<Prepared> {
  ready ??= (async () => {
    const world = await repository();
    return { world, needs: new Map(await Promise.all(NAMES.map(async (name) => [name, await neededBy(world, name)] as const))) };
  })();
  return ready;
}

/** Every damage of one object of this kind: the damaged world, the URI of the object and, swapped, of the other; and how it is made whole. */
async function* damaged(kind: Kind) {
  const { world, needs } = await prepared();
  const [key, other] = await keysOf(world, kind, needs.get('new') as ReadonlySet<string>);
  const uri = world.uri('repo', key as string);
  const whole = await world.get(uri);
  const second =
    other === undefined ? undefined : { uri: world.uri('repo', other), bytes: await world.get(world.uri('repo', other)) };
  for (const { what, bytes, swapped } of damagesOf(uri, whole, second?.bytes)) {
    const there = world.fork();
    if (bytes === undefined) await there.remove(uri);
    else await there.put(uri, bytes);
    if (swapped && second) await there.put(second.uri, whole);
    const hurt = NAMES.filter((name) => [key, ...(swapped ? [other] : [])].some((one) => needs.get(name)?.has(one as string)));
    const heal = async (place: World) => {
      await place.put(uri, whole);
      if (second) await place.put(second.uri, second.bytes);
    };
    yield { what, there, uri, uris: swapped && second ? [uri, second.uri] : [uri], hurt, heal };
  }
}

/** After all that, the object as it was: every backup is whole and comes back, so nothing was lost. */
async function expectNothingLost(world: World, heal: (world: World) => Promise<void>, what: string): Promise<void> {
  await heal(world);
  for (const name of NAMES) expect((await world.verify({ name })).problems, `${what}, then whole again: ${name}`).toEqual([]);
  await world.restore({ backupName: 'new' });
}

/** The restore refuses as corrupt, registers nothing and leaves nothing in the target. */
async function expectNoRestore(world: World, backupName: string, what: string): Promise<void> {
  const [tables, target] = [[...world.tables], await world.dump('wh')];
  const error = await failure(world.restore({ backupName }), 'corrupt').catch((cause: unknown) => {
    throw new Error(`restore of ${backupName}, ${what}`, { cause });
  });
  expect(error.exit).toBe(32);
  expect([error.object, error.hint].every(Boolean), `${what}: ${error.message}`).toBe(true);
  expect([[...world.tables], await world.dump('wh')]).toEqual([tables, target]);
}

const hurtful = kinds.filter((kind) => ![...NO_MEANING, ...WHOLE, 'repair'].includes(kind));

describe('damage to what a backup needs: verify names it, restore refuses, other backups are untouched, nothing is lost', () => {
  test.for(hurtful)('%s', { timeout: 60_000 }, async (kind) => {
    let count = 0;
    for await (const { what, there, uris, hurt, heal } of damaged(kind)) {
      count++;
      const about = `${kind}: ${what}`;
      expect(hurt).toContain('new');
      for (const name of NAMES) {
        const found = await there
          .fork()
          .verify({ name })
          .then(
            ({ problems }) => problems.map(({ object }) => object),
            (error: { code?: string; object?: string }) => [
              error.code === 'backup-not-found' ? error.object : error.object,
              error.code,
            ],
          );
        if (!hurt.includes(name)) expect(found, `${about}: ${name}`).toEqual([]);
        else
          expect(
            uris.some((uri) => found.includes(uri)),
            `${about}: ${name}: ${found}`,
          ).toBe(true);
      }
      if (kind === 'commit' && what === 'removed') await failure(there.restore({ backupName: 'new' }), 'backup-not-found');
      // A delete file is read as far as the record says, to be written anew: what follows reaches no target.
      else if (!(what === 'longer by a byte' && ['position deletes', 'vectors'].includes(kind)))
        for (const name of hurt) await expectNoRestore(there, name, about);
      await there
        .fork()
        .restore({ backupName: 'other', target: { namespace: ['db'], name: 'o' }, targetLocation: 'memory://wh/o' });
      await expectList(there, kind, what, uris);
      await expectPrune(there, kind, what);
      await expectNothingLost(there, heal, about);
    }
    expect(count).toBeGreaterThan(7);
  });
});

/** A record that cannot be read hides no other; what lies deeper, list does not read. */
async function expectList(world: World, kind: Kind, what: string, uris: readonly string[]): Promise<void> {
  const { backups, damaged: records } = await listBackups(world.place());
  const seen = backups.map(({ name }) => name).sort();
  const gone = kind === 'commit' ? uris.map((uri) => uri.replace(/^.*\/(.*)\.json$/, '$1')) : [];
  expect(seen, `${kind}: ${what}`).toEqual(NAMES.filter((name) => !gone.includes(name)).sort());
  expect(records.map(({ selector }) => selector).sort()).toEqual(what === 'removed' ? [] : gone.sort());
}

async function expectPrune(world: World, kind: Kind, what: string): Promise<void> {
  const before = await world.dump('repo');
  if (NAMES_OTHERS.includes(kind) && !(kind === 'commit' && what === 'removed')) {
    const error = await failure(world.prune(), 'corrupt').catch((cause: unknown) => {
      throw new Error(`prune, ${kind}: ${what}`, { cause });
    });
    expect(error.message).toContain('nothing was removed');
    expect(await world.dump('repo'), `${kind}: ${what}`).toEqual(before);
  } else expect((await world.prune()).backups, `${kind}: ${what}`).toEqual(['gone']);
}

describe('what an object of these kinds holds means nothing: no command is harmed', () => {
  test.for(NO_MEANING)('%s', { timeout: 60_000 }, async (kind) => {
    let count = 0;
    for await (const { what, there, heal } of damaged(kind)) {
      // That it is there is what an event says.
      if (kind === 'event' && what === 'removed') continue;
      count++;
      const about = `${kind}: ${what}`;
      for (const name of NAMES) expect((await there.fork().verify({ name })).problems, about).toEqual([]);
      const { backups, damaged: records } = await listBackups(there.place());
      expect([backups.map(({ name }) => name).sort(), records], about).toEqual([[...NAMES].sort(), []]);
      const next = await there.fork().backup({ name: 'next' });
      expect(next.outcome, about).toBe('created');
      const rerun = there.fork();
      await rerun.backup({ name: 'half', fresh: true });
      expect((await rerun.verify({ name: 'half' })).problems, about).toEqual([]);
      for (const [name, command] of Object.entries(COMMANDS)) {
        if (!['undelete', 'restore --abort', 'forget'].includes(name)) await command(there.fork(), 'old');
      }
      await there.prune();
      await expectNothingLost(there, heal, about);
    }
    expect(count).toBeGreaterThan(1);
  });
});

test('an event that is gone was never: what it said is not known any more, and nothing but that changes', async () => {
  const { world } = await prepared();
  const events = (await world.keys('repo', 'events/')).filter((key) => /deleted\.json$/.test(key));
  expect(events.map((key) => key.slice(-16).replace(/.*-/, '')).sort()).toEqual([
    'deleted.json',
    'deleted.json',
    'undeleted.json',
  ]);
  for (const key of events) {
    const there = world.fork();
    const isOfGone = key.includes((await world.commit('gone'))?.id as string);
    await there.remove(there.uri('repo', key));
    const names = (await listBackups(there.place())).backups.map(({ name }) => name).sort();
    const without = ['fixed', ...(key.endsWith('undeleted.json') ? [] : ['new']), 'old', 'other'];
    expect(names).toEqual((isOfGone ? ['gone', ...without] : without).sort());
    for (const name of names) expect((await there.verify({ name })).problems).toEqual([]);
  }
});

test('the event of a repair, whose body counts: the backup comes back, or is refused; the others are untouched, nothing is lost', async () => {
  let refusals = 0;
  for await (const { what, there, heal } of damaged('repair')) {
    for (const name of NAMES.filter((one) => one !== 'fixed'))
      expect((await there.fork().verify({ name })).problems, what).toEqual([]);
    const before = [[...there.tables], await there.dump('wh')];
    const restored = await there
      .fork()
      .restore({ backupName: 'fixed' })
      .catch((error: { code: string }) => error.code);
    if (typeof restored === 'string') {
      expect(restored, what).toBe('corrupt');
      expect([[...there.tables], await there.dump('wh')]).toEqual(before);
      refusals++;
    }
    const pruned = await there.prune().catch((error: { code: string }) => error.code);
    if (typeof pruned === 'string') expect(pruned, what).toBe('corrupt');
    await expectNothingLost(there, heal, what);
  }
  expect(refusals).toBeGreaterThan(5);
});

describe('the record of the repository', () => {
  test('damaged: no command reads on or writes', { timeout: 60_000 }, async () => {
    for await (const { what, there, uri, heal } of damaged('record')) {
      const before = await there.dump('repo');
      for (const [name, command] of Object.entries(COMMANDS)) {
        // It makes a repository where there is none.
        if (what === 'removed' && name === 'backup') continue;
        const error = await failure(command(there, 'new')).catch((cause: unknown) => {
          throw new Error(`${name}, ${what}`, { cause });
        });
        // Where it names a later format, or a feature, that is believed.
        expect(what === 'removed' ? ['repository-not-found'] : ['corrupt', 'repository-too-new']).toContain(error.code);
        expect(`${error.object}/bcn.json`, name).toContain(uri);
      }
      expect(await there.dump('repo'), what).toEqual(before);
      await expectNothingLost(there, heal, what);
    }
  });
});
