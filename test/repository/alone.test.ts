import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { assertAlone } from '../../src/repository/alone.js';
import { FileStore } from '../../src/storage/file/file-store.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';
import type { StoredBytes } from '../../src/storage/port.js';
import { Faults, ProcessStore } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

async function storeWith(...keys: readonly string[]) {
  const store = new MemoryStore('repo');
  for (const key of keys) await store.create(key, Buffer.from('{}'));
  return store;
}

test.each([
  ['bcn.json', 'a/'],
  ['bcn.json', 'a/b/c/'],
  ['a/bcn.json', 'a/b/c/'],
  ['a/b/bcn.json', 'a/b/c/'],
  ['a/bcn.json', 'a/runs/'],
  ['a/bcn.json', ''],
  ['a/b/bcn.json', 'a/'],
  ['a/runs/bcn.json', 'a/'],
])('%s keeps a repository from being made at %j', async (record, prefix) => {
  const store = await storeWith(record);
  const error = await failure(assertAlone({ store, prefix }), 'usage');
  expect(error).toMatchObject({ exit: 2, object: `memory://repo/${record}` });
  expect(error.hint).toContain('BACKUP_BUCKET');
});

test.each([
  ['a/bcn.json', 'ab/'],
  ['ab/bcn.json', 'a/'],
  ['a/b/bcn.json', 'a/c/'],
  // Too deep to be found, and no harm: nothing that lies there is ever touched (test/bad-input/foreign.test.ts).
  ['a/b/c/bcn.json', 'a/'],
  ['other.txt', ''],
])('%s does not keep one from being made at %j', async (record, prefix) => {
  await assertAlone({ store: await storeWith(record), prefix });
});

test('folders above that may not be read are none; a store that does not answer is no answer', async () => {
  class Closed extends ProcessStore {
    override get(key: string): Promise<StoredBytes> {
      throw new BcnError('storage-auth', `No right to read ${key}`, { object: key, hint: 'Ask.' });
    }
  }
  const store = await storeWith('bcn.json');
  await assertAlone({ store: new Closed(store, new Faults()), prefix: 'a/' });
  for (const at of [0, 1]) {
    const process = new ProcessStore(store, new Faults('once-before', at));
    await failure(assertAlone({ store: process, prefix: 'a/' }), 'storage-unavailable');
  }
});

test('folders', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bcn-alone-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const place = { store: new FileStore(), prefix: `${folder.slice(1)}/a/b/` };
  await assertAlone(place);
  await mkdir(join(folder, 'a'));
  await writeFile(join(folder, 'a/bcn.json'), '{}');
  expect((await failure(assertAlone(place), 'usage')).object).toBe(`file://${folder}/a/bcn.json`);
});

test('the first backup asks, writes nothing when it is refused, and later ones do not ask', async () => {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('0')]);
  world.publish(table);
  const store = world.store('repo');
  world.repository = { store, prefix: 'a/b/' };
  await store.create('a/bcn.json', Buffer.from('{}'));
  for (const dryRun of [true, false]) {
    const error = await failure(world.backup({ dryRun }), 'usage');
    expect(error).toMatchObject({ exit: 2, object: 'memory://repo/a/bcn.json' });
    expect(await world.keys('repo')).toEqual(['a/bcn.json']);
  }
  await store.delete(['a/bcn.json']);
  await world.backup();
  // One that came to lie inside another stays usable.
  await store.create('a/bcn.json', Buffer.from('{}'));
  await world.backup({ name: 'next' });
  expect((await world.verify({ name: 'next' })).problems).toEqual([]);
});
