import type { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { copy } from '../../src/copy/copy.js';
import { BcnError } from '../../src/errors.js';
import type { RepositoryPlace } from '../../src/repository/place.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';
import type { CallOptions, WriteResult } from '../../src/storage/port.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { someBytes } from '../support/table.js';
import { World } from '../support/world.js';

/** A table of these files, backed up, copied, and restored from the copy. Returns the names of the copied files below `data/`. */
async function copied(
  files: Readonly<Record<string, Buffer>>,
  to: (world: World) => RepositoryPlace,
): Promise<readonly string[]> {
  const world = await World.open();
  const table = await world.table();
  await table.append(files);
  world.publish(table);
  await world.backup();
  const place = to(world);
  const report = { progress: () => {}, warn: () => {}, info: () => {} };
  await copy({ from: world.place(), to: place, report }, { names: [], filter: {}, jobs: 4, dryRun: false, tmpDir: world.tmpDir });
  const captured = await capture(world, table);
  world.repository = place;
  expect((await world.verify()).problems).toEqual([]);
  await expectTable(world, captured, (await world.restore()) as Restored);
  const keys: string[] = [];
  for await (const { objects } of place.store.list(`${place.prefix}runs/`)) keys.push(...objects.map(({ key }) => key));
  return keys
    .filter((key) => key.includes('/data/'))
    .map((key) => key.replace(/^.*?\/data\//, ''))
    .sort();
}

const HASHED = expect.stringMatching(/^h\/[0-9a-f]{64}$/);
const FILES = { 'a.parquet': someBytes('1'), 'b.parquet': someBytes('2') };

test('a file below another gets the hashed form', async () => {
  const files = { ...FILES, 'b.parquet/c': someBytes('3') };
  const to = (world: World) => ({ store: world.store('wh'), prefix: 'near/' });
  expect(await copied(files, to)).toEqual([HASHED, 'src/db/t/data/a.parquet', 'src/db/t/data/b.parquet']);
});

test('so does a key that is too long below the prefix of the destination, though it fits in the source', async () => {
  const to = (world: World) => ({ store: world.store('wh'), prefix: `${'p'.repeat(720)}/` });
  const files = { ...FILES, [`${'n'.repeat(240)}.parquet`]: someBytes('3') };
  expect(await copied(files, to)).toEqual([HASHED, 'src/db/t/data/a.parquet', 'src/db/t/data/b.parquet']);
});

/** Cannot hold a key that ends so. */
class Narrow extends MemoryStore {
  override async upload(key: string, body: Readable, size: number, call?: CallOptions): Promise<WriteResult> {
    if (!key.endsWith('b.parquet')) return super.upload(key, body, size, call);
    body.destroy();
    throw new BcnError('name-conflict', `cannot hold ${key}`, { object: key, hint: 'Another name.' });
  }
}

test('so does a name that the destination cannot hold, and its length is proven there', async () => {
  const to = () => ({ store: new Narrow('narrow'), prefix: '' });
  expect(await copied(FILES, to)).toEqual([HASHED, 'src/db/t/data/a.parquet']);
});

/** Keeps one byte less than it is given. */
class Lossy extends MemoryStore {
  override async upload(key: string, body: Readable, size: number, call?: CallOptions): Promise<WriteResult> {
    const result = await super.upload(key, body, size, call);
    if (!key.endsWith('b.parquet')) return result;
    const { bytes } = await this.get(key);
    await this.delete([key]);
    return this.create(key, bytes.subarray(1));
  }
}

test('a copy of another length than it should have is found by its LIST, and nothing is committed', async () => {
  const store = new Lossy('lossy');
  await expect(copied(FILES, () => ({ store, prefix: '' }))).rejects.toThrow();
  const keys: string[] = [];
  for await (const { objects } of store.list('')) keys.push(...objects.map(({ key }) => key));
  expect(keys.filter((key) => key.startsWith('backups/'))).toEqual([]);
});
