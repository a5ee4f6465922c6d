/** A repository in a bucket with versioning: what it keeps of each key, and what each backup needs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Live, reach } from '../../src/prune/reach.js';
import { readStandings } from '../../src/repository/standing.js';
import { Sorter } from '../../src/spill/sorter.js';
import type { ObjectVersion } from '../../src/storage/versions.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { VersionedStore } from '../support/versioned-store.js';
import { World } from '../support/world.js';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const PREFIX = 'repo/';

export class VersionedWorld {
  readonly world: World;
  readonly store: VersionedStore;
  readonly table: TableWriter;

  private constructor(world: World, store: VersionedStore, table: TableWriter) {
    this.world = world;
    this.store = store;
    this.table = table;
  }

  static async open(): Promise<VersionedWorld> {
    const world = await World.open();
    const store = new VersionedStore('versioned', () => world.now++);
    world.repository = { store, prefix: PREFIX };
    const table = await world.table();
    await table.append([someBytes('0'), someBytes('1')]);
    world.publish(table);
    return new VersionedWorld(world, store, table);
  }

  /** `first` and `second`, of a table that changed in between: some files only one of them needs, some both. */
  async twoBackups(): Promise<void> {
    const { world, table } = this;
    await world.backup({ name: 'first' });
    await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('2')]);
    await table.expire(1);
    world.publish(table);
    await world.backup({ name: 'second' });
  }

  async versions(prefix = ''): Promise<readonly ObjectVersion[]> {
    const found: ObjectVersion[] = [];
    for await (const version of this.store.versions.list(PREFIX + prefix)) found.push(version);
    return found;
  }

  /** Keys with a version that is no delete marker, without the prefix. */
  async keysKept(prefix = ''): Promise<readonly string[]> {
    const kept = (await this.versions(prefix)).filter(({ marker }) => !marker);
    return [...new Set(kept.map(({ key }) => key.slice(PREFIX.length)))];
  }

  /** All that a backup needs, COMMIT included, as `key version`: the versions that it wrote or reused. */
  async needs(name: string): Promise<readonly string[]> {
    const scratch = await mkdtemp(join(tmpdir(), 'bcn-needs-'));
    try {
      const repository = this.world.place();
      const report = { progress: () => {}, warn: () => {}, info: () => {} };
      const { backups } = await readStandings(repository);
      const live = new Sorter<Live>(scratch, 'live');
      await reach(
        { repository, report },
        backups.filter((one) => one.name === name),
        live,
        scratch,
        {},
      );
      const keys = new Set([`${PREFIX}backups/${name}.json`]);
      for await (const { k } of live.sorted()) keys.add(PREFIX + k);
      return (await this.versions())
        .filter(({ key, marker }) => keys.has(key) && !marker)
        .map(({ key, version }) => `${key} ${version}`);
    } finally {
      await rm(scratch, { recursive: true });
    }
  }

  /** Those of what a backup needs that are gone for ever. */
  async lost(needed: readonly string[]): Promise<readonly string[]> {
    const there = new Set((await this.versions()).map(({ key, version }) => `${key} ${version}`));
    return needed.filter((one) => !there.has(one));
  }

  /** Removes the delete marker on top of a key, as a person would. */
  async bringBack(key: string): Promise<void> {
    const [top] = await this.versions(key);
    if (top?.marker) await this.store.versions.delete([top]);
  }
}
