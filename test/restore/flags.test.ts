import { describe, expect, test } from 'vitest';
import type { CatalogState } from '../support/catalog.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { failure, World } from '../support/world.js';

async function prepare(): Promise<{ world: World; table: TableWriter }> {
  const world = await World.open();
  const table = await world.table();
  for (let i = 0; i < 3; i++) await table.append([someBytes(`${i}`)]);
  world.publish(table);
  await world.backup();
  return { world, table };
}

/** Runs something once, right before or after a request of that kind, to a key that ends so. */
class Between extends Faults {
  readonly #op: string;
  readonly #when: 'before' | 'after';
  readonly #work: () => Promise<unknown>;
  readonly #suffix: string;
  #done = false;

  constructor(op: string, when: 'before' | 'after', work: () => Promise<unknown>, suffix = '') {
    super();
    this.#suffix = suffix;
    this.#op = op;
    this.#when = when;
    this.#work = work;
  }

  override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
    const now = op === this.#op && key.endsWith(this.#suffix) && !this.#done;
    if (now) this.#done = true;
    if (now && this.#when === 'before') await this.#work();
    const result = await super.run(op, key, call);
    if (now && this.#when === 'after') await this.#work();
    return result;
  }
}

const die = () => Promise.reject(new Error('killed'));

/** A restore that registered its table and died before it could say so. */
async function dieAfterRegister(world: World): Promise<void> {
  await world.restore({}, new Between('register', 'after', die)).catch(() => {});
  expect(world.tables.has('db.r')).toBe(true);
}

function rename(tables: CatalogState, from: string, to: string): void {
  const entry = tables.get(from);
  if (!entry) throw new Error(`no ${from}`);
  tables.set(to, entry);
  tables.delete(from);
}

describe('a table that was registered and renamed before the restore could say so', () => {
  test.each(['db.final', 'elsewhere.final'])('to %s: neither --abort nor a rerun touches it', async (name) => {
    const { world } = await prepare();
    await dieAfterRegister(world);
    rename(world.tables, 'db.r', name);
    world.now += 3_600_000;
    const before = await world.dump('wh', 'db/r/data');
    expect(await failure(world.abort(), 'table-exists')).toMatchObject({ exit: 23, table: name });
    expect(await failure(world.restore(), 'table-exists')).toMatchObject({ exit: 23, table: name });
    expect(await world.dump('wh', 'db/r/data')).toEqual(before);
    expect([...world.tables.keys()].sort()).toEqual(['db.t', name].sort());
  });
});

test('a table that was registered and written to is finished by the rerun, at the metadata it has now', async () => {
  const { world } = await prepare();
  await dieAfterRegister(world);
  const moved = `${world.uri('wh', 'db/r')}/metadata/00099-later.metadata.json`;
  world.tables.set('db.r', { metadataLocation: moved, location: world.uri('wh', 'db/r') });
  expect(await world.restore()).toMatchObject({ outcome: 'already', metadataLocation: moved });
  expect((await world.keys('wh')).filter((key) => key.includes('.bcn-restore-'))).toEqual([]);
  expect(await failure(world.restore(), 'table-exists')).toMatchObject({ exit: 23 });
});

test('killed between removing the claim and its flags: the rerun says that it was finished', async () => {
  const { world } = await prepare();
  await world.restore({}, new Between('delete', 'after', die, '.json')).catch(() => {});
  expect((await world.keys('wh')).filter((key) => key.includes('.bcn-restore-'))).toHaveLength(1);
  expect(await world.restore()).toMatchObject({ outcome: 'already' });
  expect((await world.keys('wh')).filter((key) => key.includes('.bcn-restore-'))).toEqual([]);
});

describe('--abort beside a live restore', () => {
  test('that registers right now: refused as busy, the table is whole', async () => {
    const { world, table } = await prepare();
    const restored = await world.restore(
      {},
      new Between('register', 'before', async () => {
        expect(await failure(world.abort(), 'busy')).toMatchObject({ exit: 11 });
      }),
    );
    await expectTable(world, await capture(world, table), restored as Restored);
  });

  test('that was about to: the restore stops, and registers nothing', async () => {
    const { world, table } = await prepare();
    const faults = new Faults();
    await world.fork().restore({}, faults);
    const lists = faults.log.flatMap((entry, i) => (entry.op === 'list' ? [i] : []));
    for (const at of lists) {
      const fork = world.fork();
      let n = 0;
      class AbortAt extends Faults {
        override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
          if (n++ === at) await fork.abort().catch(() => {});
          return super.run(op, key, call);
        }
      }
      const result = await fork.restore({}, new AbortAt()).catch(() => undefined);
      expect(fork.tables.has('db.r'), `abort before request ${at}`).toBe(result !== undefined);
      if (result) await expectTable(fork, await capture(fork, table), result as Restored);
      else await expectTable(fork, await capture(fork, table), (await fork.restore()) as Restored);
    }
  });
});

test('a restore that died while it registered, and never did: --abort waits 15 minutes, then removes all of it', async () => {
  const { world } = await prepare();
  await world.restore({}, new Between('register', 'before', die)).catch(() => {});
  expect(await failure(world.abort(), 'busy')).toMatchObject({ exit: 11 });
  world.now += 15 * 60_000;
  await world.abort();
  expect(await world.keys('wh')).toEqual([]);
});

test.each(['db/r/inner', 'db'])('two restores at once, one into %s: never two tables inside each other', async (other) => {
  const { world } = await prepare();
  const options = { target: { namespace: ['db'], name: 'o' }, targetLocation: world.uri('wh', other) };
  const faults = new Faults();
  await world.fork().restore({}, faults);
  for (let at = 0; at < faults.log.length; at++) {
    const fork = world.fork();
    let n = 0;
    class OtherAt extends Faults {
      override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
        if (n++ === at) await fork.restore(options).catch(() => {});
        return super.run(op, key, call);
      }
    }
    await fork.restore({}, new OtherAt()).catch(() => {});
    const both = fork.tables.has('db.r') && fork.tables.has('db.o');
    expect(both, `the other one before request ${at}`).toBe(false);
  }
});

test('a content file whose bytes were altered in the repository is found by its checksum, before anything is registered', async () => {
  const { world } = await prepare();
  const key = (await world.keys('repo')).find((candidate) => /\/data\/.*f-1\.parquet$/.test(candidate)) as string;
  const bytes = await world.get(world.uri('repo', key));
  bytes[0] = (bytes[0] as number) ^ 1;
  await world.put(world.uri('repo', key), bytes);
  const error = await failure(world.restore(), 'corrupt');
  expect(error).toMatchObject({ exit: 32, object: world.uri('repo', key) });
  expect(await world.keys('wh')).toEqual([]);
});

test('a target inside the source is refused by whatever address the source is reached; its own place elsewhere is not', async () => {
  const { world, table } = await prepare();
  world.changeServices('endpoint');
  const inside = `${table.location}/data/x`;
  expect(await failure(world.restore({ targetLocation: inside }), 'usage')).toMatchObject({ exit: 2 });
  for (const key of await world.keys('src', 'db/t')) await world.remove(world.uri('src', key));
  world.tables.clear();
  expect(await world.restore({ targetLocation: table.location })).toMatchObject({ outcome: 'restored' });
});

test.each(['db/../r', 'db/./r', 'db/r\nx'])('the target %j is refused', async (path) => {
  const { world } = await prepare();
  expect(await failure(world.restore({ targetLocation: world.uri('wh', path) }), 'usage')).toMatchObject({ exit: 2 });
});

test('a table that merely contains the place is not taken for the restored one', async () => {
  const { world, table } = await prepare();
  await world.restore({}, new Between('register', 'before', die)).catch(() => {});
  world.tables.set('hive.everything', { metadataLocation: 'memory://wh/x.json', location: world.uri('wh') });
  await expectTable(world, await capture(world, table), (await world.restore()) as Restored);
});

test('a process that was overtaken by another with the same command removes nothing, even when the table was renamed since', async () => {
  const { world, table } = await prepare();
  const first = new Between('register', 'before', die);
  await world.restore({}, first).catch(() => {});
  // The slow one has proven everything and is about to announce; the other one finishes, and its table is renamed.
  const slow = new Faults();
  await world.fork().restore({}, slow);
  const announce = slow.log.findIndex(({ op, key }) => op === 'create' && key.includes('.registering-'));
  let n = 0;
  class Overtaken extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      if (n++ === announce) {
        await world.restore();
        rename(world.tables, 'db.r', 'db.final');
      }
      return super.run(op, key, call);
    }
  }
  expect(await failure(world.restore({}, new Overtaken()), 'target-not-empty')).toMatchObject({ exit: 23 });
  const { metadataLocation } = world.tables.get('db.final') as { metadataLocation: string };
  const { 'table-uuid': tableUuid } = JSON.parse((await world.get(metadataLocation)).toString());
  await expectTable(world, await capture(world, table), {
    location: world.uri('wh', 'db/r'),
    metadataLocation,
    tableUuid,
  } as Restored);
});
