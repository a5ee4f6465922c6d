import { copy } from '../../src/copy/copy.js';
import type { CopiedBackup, CopyOptions, CopyResult } from '../../src/copy/options.js';
import type { RepositoryPlace } from '../../src/repository/place.js';
import { Faults, ProcessStore } from '../support/faults.js';
import type { World } from '../support/world.js';

/** The second repository of a world: a folder in the bucket of its target. */
export function mirror(world: World, faults = new Faults()): RepositoryPlace {
  const store = world.store('wh');
  const prefix = world.uri('wh', 'mirror/').slice(store.uri.length + 1);
  return { store: new ProcessStore(store, faults), prefix };
}

/** Copies into the second repository, all backups unless told otherwise; one process with faults of its own. */
export function copyTo(world: World, options: Partial<CopyOptions> = {}, faults = new Faults()): Promise<CopyResult> {
  const note = (message: string) => world.notes.push(message);
  const deps = { from: world.place(faults), to: mirror(world, faults), report: { progress: () => {}, warn: note, info: note } };
  return copy(deps, { names: [], filter: {}, jobs: 4, dryRun: false, tmpDir: world.tmpDir, ...options });
}

/** Lets a world work on its second repository. */
export async function inMirror<T>(world: World, work: (world: World) => Promise<T>): Promise<T> {
  const { repository } = world;
  world.repository = mirror(world);
  try {
    return await work(world);
  } finally {
    world.repository = repository;
  }
}

export const outcomes = ({ backups }: CopyResult): readonly string[] =>
  backups.map(({ selector, outcome, error }: CopiedBackup) => `${selector} ${error?.code ?? outcome}`);
