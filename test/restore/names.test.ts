import { describe, expect, test } from 'vitest';
import type { BcnError } from '../../src/errors.js';
import { OddNames } from '../../src/restore/names.js';
import { unwritableKey } from '../../src/storage/guard.js';
import { byteCompare } from '../../src/storage/location.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';
import type { ListOptions, ListPage, WriteResult } from '../../src/storage/port.js';
import { all } from '../conformance/storage-parts/tools.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

/** Counts what is created; refuses keys that match, or leaves them out of listings. */
class PickyStore extends MemoryStore {
  readonly created: string[] = [];
  refuses = /(?!)/;
  hides = /(?!)/;

  override async create(key: string, bytes: Uint8Array): Promise<WriteResult> {
    if (this.refuses.test(key)) throw unwritableKey(`${this.uri}/${key}`, 'it is picky');
    this.created.push(key);
    return super.create(key, bytes);
  }

  override async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ListPage> {
    for await (const page of super.list(prefix, options))
      yield { ...page, objects: page.objects.filter(({ key }) => !this.hides.test(key)) };
  }
}

async function tryOut(store: PickyStore, names: readonly string[]): Promise<void> {
  const odd = new OddNames();
  for (const name of names.toSorted(byteCompare)) odd.look(`memory://t/root/${name}`, 'memory://t/root/');
  await odd.tryOut({ store, key: 'root/trying/' }, {});
}

describe('odd names', () => {
  test('names that every store holds cost nothing', async () => {
    const store = new PickyStore('t');
    const plain = [
      'a',
      'a b%2F+c=#d?e&f',
      'ünï/\u{1F600}',
      '...',
      '.a',
      'a.',
      '..a/b',
      `${'k'.repeat(255)}/x`,
      'é'.repeat(127),
      'a-b',
    ];
    await tryOut(store, [...plain, 'k=1/x', 'k=1/y', 'k=10']);
    expect(store.created).toEqual([]);
  });

  test.each([
    [['a//b', 'c//d'], 1, /\/\//],
    [['x/'], 1, /\/s\/$/],
    [['x//'], 2, /\/\//],
    [['a/./b', './c'], 1, /\/\.\//],
    [['a/../b'], 1, /\/\.\.\//],
    [['a\u0001b', 'c\u0001d', 'e\u0085f'], 2, /\u0085/],
    [['k'.repeat(256), `${'k'.repeat(300)}/x`], 1, /k{300}$/],
    [['é'.repeat(128)], 1, /é{128}$/],
    [['a', 'a-b', 'a/b', 'c', 'c/d/e'], 2, /\/n\/x$/],
  ])('%j: one trial of each kind, removed again; refused where the store refuses or hides it', async (names, trials, odd) => {
    const good = new PickyStore('t');
    await tryOut(good, names);
    expect(good.created.length).toBe(trials);
    expect(good.created.filter((key) => odd.test(key)).length).toBe(1);
    expect(await all(good, '')).toEqual([]);
    for (const how of ['refuses', 'hides'] as const) {
      const picky = new PickyStore('t');
      picky[how] = odd;
      const error: BcnError = await failure(tryOut(picky, names), 'name-conflict');
      expect(error.object).toMatch(/^memory:\/\/t\/root\//);
      expect(names.map((name) => `memory://t/root/${name}`)).toContain(error.object);
      expect(error.message).toContain(how === 'refuses' ? 'refuses' : 'does not list');
      picky.hides = /(?!)/;
      expect(await all(picky, '')).toEqual([]);
    }
  });

  test('a long name is tried as long as a key can be', async () => {
    const store = new PickyStore('t');
    await tryOut(store, ['k'.repeat(1019)]);
    expect(store.created.map((key) => key.length)).toEqual([1024]);
  });
});

describe('in a restore', () => {
  const NAMES = ['a', 'a/b', 'c//d', 'e/./f', 'g\u0001h', 'k'.repeat(300)];

  async function backedUp() {
    const world = await World.open();
    const table = await world.table();
    await table.append(Object.fromEntries(NAMES.map((name) => [name, someBytes(name)])));
    world.publish(table);
    await world.backup();
    return { world, captured: await capture(world, table) };
  }

  /** A target that hides what lies below another object, as MinIO does. */
  class Hiding extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      const result = await super.run(op, key, call);
      if (op !== 'list' || !key.startsWith('memory://wh/')) return result;
      const { value, done } = result as { value: ListPage; done?: boolean };
      if (done) return result;
      return { value: { ...value, objects: value.objects.filter((object) => !object.key.endsWith('/n/x')) }, done } as T;
    }
  }

  test('the repository holds them all in plain keys; a store that holds them gets them back', async () => {
    const { world, captured } = await backedUp();
    const data = (await world.keys('repo')).filter((key) => key.includes('/data/'));
    expect(data.filter((key) => /\/data\/h\/[0-9a-f]{64}$/.test(key))).toHaveLength(5);
    expect(data).toHaveLength(6);
    expect((await world.verify()).problems).toEqual([]);
    const faults = new Faults();
    await expectTable(world, captured, (await world.restore({}, faults)) as Restored);
    const tried = faults.log.filter(({ op, key }) => op === 'create' && key.includes('trying'));
    expect(tried).toHaveLength(6);
  });

  test('a store that hides one kind is refused before anything is copied, and left as it was', async () => {
    const { world } = await backedUp();
    const faults = new Hiding();
    const error = await failure(world.restore({}, faults), 'name-conflict');
    expect(error).toMatchObject({ object: 'memory://wh/db/r/data/a/b', exit: 23 });
    expect(faults.done('copy')).toEqual([]);
    expect(await world.keys('wh')).toEqual([]);
    expect(world.tables.has('db.r')).toBe(false);
  });

  test('killed while it tries, then finished or aborted: nothing of it stays', async () => {
    for (const finish of ['restore', 'abort'] as const) {
      const { world, captured } = await backedUp();
      const faults = new Faults();
      const killed = new (class extends Faults {
        override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
          if (op === 'list' && key.includes('trying')) this.dead = true;
          if (this.dead) throw new Error('killed');
          return super.run(op, key, call);
        }
        dead = false;
      })();
      await expect(world.restore({}, killed)).rejects.toThrow('killed');
      expect((await world.keys('wh')).filter((key) => key.includes('.trying/'))).toHaveLength(2);
      if (finish === 'restore') await expectTable(world, captured, (await world.restore({}, faults)) as Restored);
      else {
        await world.abort({}, faults);
        expect(await world.keys('wh')).toEqual([]);
      }
    }
  });

  test('--dry-run tries nothing', async () => {
    const { world } = await backedUp();
    expect((await world.restore({ dryRun: true }, new Hiding())).outcome).toBe('planned');
    expect(await world.keys('wh')).toEqual([]);
  });
});
