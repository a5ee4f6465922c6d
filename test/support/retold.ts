import { type Commit, encodeCommit } from '../../src/repository/commit.js';
import { runSelector } from '../../src/repository/keys.js';
import { findCommit } from '../../src/repository/load.js';
import type { World } from './world.js';

/** Writes the record of a backup again as that of another one, by its run, under the key that such a record has. Returns its selector. */
export async function retell(world: World, selector: string, fields: Partial<Commit>): Promise<string> {
  const found = await findCommit(world.place(), selector);
  if (!found) throw new Error(`no record ${selector}`);
  const { id: _id, selector: _selector, ...rest } = found;
  const commit = { ...rest, ...fields };
  const { id, bytes } = encodeCommit(commit);
  const told = runSelector(commit.name, commit.run, id);
  await world.put(world.uri('repo', `backups/${told}.json`), bytes);
  return told;
}
