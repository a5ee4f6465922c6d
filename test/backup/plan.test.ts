import { expect, test } from 'vitest';
import type { BackupOptions } from '../../src/backup/options.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { World, type WorldOptions } from '../support/world.js';

const KINDS = {
  get: ['get', 'read'],
  put: ['create', 'upload'],
  copy: ['copy'],
  list: ['list'],
} as const;

/** What a plan says of its requests, and what was sent after the planning. */
async function requests(world: World, options: Partial<BackupOptions> = {}) {
  const planning = new Faults();
  const { plan } = await world.backup({ ...options, dryRun: true }, planning);
  const faults = new Faults();
  await world.backup(options, faults);
  const rest = faults.log.slice(planning.ops).filter(({ key }) => key.startsWith('memory://'));
  const count = (ops: readonly string[]) => rest.filter(({ op }) => ops.includes(op)).length;
  const sent = Object.fromEntries(Object.entries(KINDS).map(([kind, ops]) => [kind, count(ops)]));
  return { planned: plan?.requests as Record<string, number>, sent };
}

async function prepare(options: WorldOptions) {
  const world = await World.open(options);
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  world.publish(table);
  return { world, table };
}

test.each([[{}], [{ kind: 'apart' }], [{ weak: 'late' }]] as const)(
  'a plan counts at least the requests that are sent, and hardly more: %j',
  async (options) => {
    const { world, table } = await prepare(options);
    const check = async (what: string, more: Partial<BackupOptions> = {}) => {
      const { planned, sent } = await requests(world, { name: what, ...more });
      for (const kind of Object.keys(KINDS)) {
        expect(planned[kind], `${what}: ${kind}`).toBeGreaterThanOrEqual(sent[kind] as number);
        expect(planned[kind], `${what}: ${kind}`).toBeLessThanOrEqual((sent[kind] as number) + 3);
      }
    };
    // What a probe will find out is not known when the first backup is planned.
    if ('weak' in options) await world.backup({ name: 'made' });
    else await check('first');
    await check('unchanged');
    await table.append([someBytes('3')]);
    world.publish(table);
    await check('changed');
    await check('fresh', { fresh: true });
    await check('reference', { mode: 'reference' });
    await table.rewriteManifests();
    world.publish(table);
    const all = new Faults();
    await world.fork().backup({ name: 'killed' }, all);
    const root = all.log.findIndex(({ op, key }) => op === 'create' && key.endsWith('/root.ndjson.gz'));
    await world.backup({ name: 'killed' }, new Faults('crash-before', root)).catch(() => {});
    await check('killed');
  },
);
