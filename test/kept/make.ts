import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { copy } from '../../src/copy/copy.js';
import { inMirror, mirror } from '../copy/support.js';
import { IDENT } from '../support/world.js';
import { repository } from '../tamper/repository.js';
import { keep, keepExpected } from './kept.js';

/** The repository of the tamper tests (every kind of object, deletes, statistics, files elsewhere, events, a repair), a `reference` backup, a partial one of several tables, an incomplete one, one that was copied from another repository. */
test('keep', async () => {
  const name = process.env.KEEP;
  if (!name) throw new Error('KEEP=<name of a new folder> is missing');
  if (!existsSync(join(import.meta.dirname, name, 'repository'))) {
    const world = await repository();
    await world.backup({ name: 'light', mode: 'reference' });
    world.tables.set('db.lost', { metadataLocation: 'memory://src/lost/v1.metadata.json', location: 'memory://src/lost' });
    const tables = [IDENT, { namespace: ['db'], name: 'u' }, { namespace: ['db'], name: 'lost' }] as const;
    await world.backup({ name: 'part', tables: [...tables] });
    // One that lacks a file, which the source had lost and has again, for others to be judged by.
    const lost = 'memory://src/t/data/a2.parquet';
    const bytes = await world.get(lost);
    await world.remove(lost);
    await world.backup({ name: 'lacks', fresh: true, allowMissing: true });
    await world.put(lost, bytes);
    await world.verify({ name: 'new', record: true });
    // One that came from another repository.
    const u = [{ namespace: ['db'], name: 'u' }] as const;
    await inMirror(world, (there) => there.backup({ name: 'copied', tables: u }));
    const report = { progress: () => {}, warn: () => {}, info: () => {} };
    const options = { names: ['copied'], filter: {}, jobs: 4, dryRun: false, tmpDir: world.tmpDir };
    await copy({ from: mirror(world), to: world.place(), report }, options);
    await keep(world, name);
  }
  await keepExpected(name);
});
