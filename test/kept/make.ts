import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { IDENT } from '../support/world.js';
import { repository } from '../tamper/repository.js';
import { keep, keepExpected } from './kept.js';

/** The repository of the tamper tests (every kind of object, deletes, statistics, files elsewhere, events), a `reference` backup and a partial one of several tables. */
test('keep', async () => {
  const name = process.env.KEEP;
  if (!name) throw new Error('KEEP=<name of a new folder> is missing');
  if (!existsSync(join(import.meta.dirname, name, 'repository'))) {
    const world = await repository();
    await world.backup({ name: 'light', mode: 'reference' });
    world.tables.set('db.lost', { metadataLocation: 'memory://src/lost/v1.metadata.json', location: 'memory://src/lost' });
    const tables = [IDENT, { namespace: ['db'], name: 'u' }, { namespace: ['db'], name: 'lost' }] as const;
    await world.backup({ name: 'part', tables: [...tables] });
    await keep(world, name);
  }
  await keepExpected(name);
});
