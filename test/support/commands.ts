import { tmpdir } from 'node:os';
import { type DiffOptions, diff } from '../../src/diff/diff.js';
import { findObjectToCat } from '../../src/look/cat.js';
import { showBackup } from '../../src/look/show.js';
import { listBackups } from '../../src/repository/list.js';
import { unfinishedRuns } from '../../src/runs/runs.js';
import { Stores } from '../../src/storage/resolver.js';
import { copyTo } from '../copy/support.js';
import { MemoryCatalog } from './catalog.js';
import { Faults } from './faults.js';
import type { World } from './world.js';

const report = { progress: () => {}, warn: () => {}, info: () => {} };

/** `bcn diff` in a world of memory. */
export function diffIn(world: World, options: Partial<DiffOptions> = {}) {
  const source = new Stores({ memory: (bucket) => world.store(bucket as 'src') });
  const deps = { repository: world.place(), source, catalog: async () => new MemoryCatalog(world.tables, new Faults()), report };
  return diff(deps, { from: 'b', to: 'live', tmpDir: tmpdir(), ...options });
}

/** `bcn cat` of an object of the repository: its text. */
export async function catIn(world: World, what: string): Promise<string> {
  const found = await findObjectToCat(world.place(), { what });
  const lines: string[] = [];
  for await (const { text } of found.records()) lines.push(text);
  return lines.join('\n');
}

/** Every command, as somebody gives it to the backup `name` of `db.t`. */
export const COMMANDS: Readonly<Record<string, (world: World, name: string) => Promise<unknown>>> = {
  backup: (world) => world.backup({ name: 'next' }),
  restore: (world, backupName) => world.restore({ backupName }),
  'restore --abort': (world, backupName) => world.abort({ backupName }),
  list: (world) => listBackups(world.place()),
  show: (world, name) => showBackup(world.place(), name),
  diff: (world, from) => diffIn(world, { from }),
  cat: (world, name) => catIn(world, name),
  verify: (world, name) => world.verify({ name }),
  delete: (world, name) => world.delete(name),
  undelete: (world, name) => world.undelete(name),
  forget: (world) => world.forget(),
  prune: (world) => world.prune(),
  runs: (world) => unfinishedRuns(world.place()),
  copy: (world, name) => copyTo(world, { names: [name] }),
};
