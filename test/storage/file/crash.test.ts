import { cp, mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { listBackups } from '../../../src/repository/list.js';
import { FileStore } from '../../../src/storage/file/file-store.js';
import { MemoryService, MemoryStore } from '../../../src/storage/memory/memory-store.js';
import { someBytes } from '../../support/table.js';
import { World } from '../../support/world.js';
import type { Disk, Luck } from './disk.js';

const held = vi.hoisted(() => ({ disk: undefined as Disk | undefined }));
vi.mock('node:fs/promises', async (original) => {
  const { Disk } = await import('./disk.js');
  held.disk = new Disk(await original<typeof import('node:fs/promises')>());
  return held.disk.module();
});
const disk = held.disk as Disk;
const { luckOf } = await import('./disk.js');

const DAY = 24 * 3_600_000;
const NOTHING: Luck = () => false;

/** A repository in a folder; the table and the target in memory. `keep` makes a copy of the folder, of that age, to which `back` goes back. */
async function prepare() {
  const top = await mkdtemp(join(tmpdir(), 'bcn-cut-'));
  onTestFinished(() => rm(top, { recursive: true, force: true }));
  const root = join(top, 'repo');
  const service = new MemoryService();
  const memory = (role: string) => ({ uri: `memory://${role}`, store: new MemoryStore(role, { service }) });
  const store = new FileStore({ tidyBelow: root });
  const world = await World.open({ places: { src: memory('src'), repo: { uri: `file://${root}`, store }, wh: memory('wh') } });
  world.repository = { store, prefix: `${root.slice(1)}/` };
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2', 3000)]);
  world.publish(table);
  await mkdir(root);
  const before = join(top, 'before');
  const keep = async (age = 2 * DAY) => {
    const then = new Date(Date.now() - age);
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), then, then);
    await rm(before, { recursive: true, force: true });
    await cp(root, before, { recursive: true, preserveTimestamps: true });
  };
  const back = async () => {
    await rm(root, { recursive: true, force: true });
    await cp(before, root, { recursive: true, preserveTimestamps: true });
    await disk.settle(root);
  };
  return { world, table, keep, back };
}

interface Action {
  readonly world: World;
  readonly back: () => Promise<void>;
  readonly act: () => Promise<unknown>;
  /** What must hold at any time. */
  readonly always: () => Promise<void>;
  /** What there is when it is done. */
  readonly state: () => Promise<unknown>;
  /** What it removed may come back, to be removed again. */
  readonly returns?: true;
}

/** Cuts the power before each call that changes the folder, and after the last one, with less luck and with more in turn. Returns how many there were. */
async function cutEverywhere({ back, act, always, state, returns }: Action, step = 1): Promise<number> {
  await back();
  await act();
  const expected = await state();
  const { changes } = disk;
  // What was reported stays.
  await disk.cut(NOTHING);
  await always();
  if (!returns) expect(await state()).toEqual(expected);
  for (let at = 0; at <= changes; at += step) {
    const luck = (at / step) % 3 === 0 ? NOTHING : luckOf(at);
    await back();
    disk.dieAt = at;
    await act().catch((error: Error) => {
      if (error.name !== 'Killed') throw error;
    });
    await disk.cut(luck);
    try {
      await always();
      await act().catch((error: { code?: string }) => {
        // Its last word has reached the disk, if by luck.
        if (error.code !== 'backup-exists') throw error;
      });
      expect(await state()).toEqual(expected);
    } catch (cause) {
      throw new Error(`power cut before change ${at} of ${changes}`, { cause });
    }
  }
  return changes;
}

/** Every backup that is not deleted, whole. */
async function visible(world: World): Promise<readonly string[]> {
  const { backups, damaged } = await listBackups(world.place()).catch((error: { code?: string }) => {
    // The first backup was cut before it had made the repository.
    if (error.code === 'repository-not-found') return { backups: [], damaged: [] };
    throw error;
  });
  expect(damaged).toEqual([]);
  for (const { name } of backups) expect((await world.verify({ name })).problems, name).toEqual([]);
  return backups.map(({ name, tables }) => `${name} ${tables.map(({ files, bytes }) => `${files.total} ${bytes.total}`)}`).sort();
}

async function firstBackup(): Promise<Action> {
  const { world, keep, back } = await prepare();
  await keep();
  const always = async () => void (await visible(world));
  return { world, back, act: () => world.backup(), always, state: () => visible(world) };
}

describe('a folder loses what was not synced: what is visible is whole, and a rerun gives the same', () => {
  test('the first backup', { timeout: 120_000 }, async () => {
    const action = await firstBackup();
    expect(await cutEverywhere(action)).toBeGreaterThan(50);
    await action.world.restore();
  });

  test('a later backup', { timeout: 120_000 }, async () => {
    const { world, table, keep, back } = await prepare();
    await world.backup({ name: 'first' });
    await keep();
    await table.append([someBytes('3')]);
    world.publish(table);
    const always = async () => expect(await visible(world)).toContain('first 2 3200');
    const action = { world, back, act: () => world.backup(), always, state: () => visible(world) };
    expect(await cutEverywhere(action, 2)).toBeGreaterThan(30);
    await world.restore();
  });

  test('delete and undelete', { timeout: 60_000 }, async () => {
    const { world, keep, back } = await prepare();
    for (const name of ['a', 'b']) await world.backup({ name });
    await keep();
    const always = async () => expect(await visible(world)).toContain('b 2 3200');
    const state = () => visible(world);
    await cutEverywhere({ world, back, act: () => world.delete('a'), always, state });
    expect(await visible(world)).toEqual(['b 2 3200']);
    await keep(0);
    await cutEverywhere({ world, back, act: () => world.undelete('a'), always, state });
    expect(await visible(world)).toEqual(['a 2 3200', 'b 2 3200']);
  });

  test('prune', { timeout: 120_000 }, async () => {
    const { world, table, keep, back } = await prepare();
    await world.backup({ name: 'going' });
    await table.append([someBytes('3')]);
    world.publish(table);
    await world.backup({ name: 'stays' });
    await world.backup({ name: 'alone', fresh: true });
    for (const name of ['going', 'alone']) await world.delete(name);
    await keep();
    const always = async () => expect(await visible(world)).toEqual(['stays 3 3400']);
    // What each attempt says before it removes a record stays for a grace.
    const state = async () => (await world.keys('repo')).filter((key) => !/@purged-|-purged\.json$/.test(key)).sort();
    expect(await cutEverywhere({ world, back, act: () => world.prune(), always, state, returns: true }, 2)).toBeGreaterThan(15);
    await world.restore({ backupName: 'stays' });
  });
});

test('on a disk that lies about fsync this test fails, so it can', { timeout: 60_000 }, async () => {
  disk.lies = true;
  onTestFinished(() => {
    disk.lies = false;
  });
  await expect(cutEverywhere(await firstBackup())).rejects.toThrow();
});
