import { expect, test } from 'vitest';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { World } from '../support/world.js';

const KINDS = { get: ['get', 'read'], put: ['create', 'upload'], copy: ['copy'], list: ['list'] } as const;

const count = ({ log }: Faults) =>
  Object.fromEntries(
    Object.entries(KINDS).map(([kind, ops]) => [kind, log.filter(({ op }) => ops.includes(op as never)).length]),
  );

test.each(['memory', 'apart'] as const)('a plan counts the requests that are still to come (%s)', async (kind) => {
  const world = await World.open({ kind });
  const table = await world.table();
  for (let i = 0; i < 4; i++) await table.append([someBytes(`${i}`)]);
  world.publish(table);
  await world.backup();
  const whole = new Faults();
  await world.fork().restore({}, whole);
  const last = whole.log.findIndex(({ op }) => op === 'register');
  for (const diedAt of [undefined, 40, last]) {
    const there = world.fork();
    if (diedAt !== undefined) await there.restore({}, new Faults('crash-before', diedAt)).catch(() => {});
    const [asked, done] = [new Faults(), new Faults()];
    const { plan } = await there.restore({ dryRun: true }, asked);
    await there.restore({}, done);
    const [before, all] = [count(asked), count(done)];
    const toCome = Object.fromEntries(Object.entries(all).map(([each, n]) => [each, n - (before[each] ?? 0)]));
    if (diedAt === undefined) expect(toCome).toEqual(plan?.requests);
    for (const [each, n] of Object.entries(plan?.requests ?? {}))
      expect(toCome[each], `${each}, died at ${diedAt}`).toBeLessThanOrEqual(n);
  }
});
