import { expect, test } from 'vitest';
import { createS3Store } from '../../src/storage/s3/s3-store.js';
import { describeWith } from '../lab/lab.js';
import { freshBucket, labConfig } from '../storage/s3/service.js';
import { allow, assumeRole } from '../storage/s3/sts.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

const WRITES = ['create', 'copy', 'upload', 'probeCreate'];
const COPIES = ['copy', 'upload'];

async function withTable(): Promise<World> {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  world.publish(table);
  return world;
}

test('the first write of a run is its begin.json, so that nothing is copied by who may not write', async () => {
  const world = await withTable();
  await world.backup({ name: 'first' });
  const faults = new Faults();
  await world.backup({ name: 'second', fresh: true }, faults);
  const writes = faults.log.filter(({ op }) => WRITES.includes(op));
  expect(writes[0]).toMatchObject({ op: 'create', key: expect.stringMatching(/\/runs\/[^/]+\/begin\.json$/) });
  expect(writes.some(({ op }) => COPIES.includes(op))).toBe(true);
});

describeWith(['s3'], 'a repository on a real store', (lab) => {
  test.each([
    ['s3:PutObject', ['s3:GetObject', 's3:ListBucket'], /s3:PutObject on s3:\/\/.*\/repo\//],
    ['s3:ListBucket', ['s3:GetObject', 's3:PutObject'], /s3:ListBucket on the bucket/],
  ])(
    'without %s: refused before the first copy, and the permission is named',
    { timeout: 60_000 },
    async (_what, actions, hint) => {
      for (const first of [true, false]) {
        const world = await withTable();
        const bucket = await freshBucket(lab);
        const full = createS3Store(labConfig(lab), bucket);
        world.repository = { store: full, prefix: 'repo/' };
        if (!first) await world.backup({ name: 'earlier' });
        const before = await listed(full);
        const credentials = await assumeRole(lab.s3, [allow(actions, bucket)]);
        world.repository = {
          store: createS3Store({ ...labConfig(lab), credentials, origin: 'the keys of this test' }, bucket),
          prefix: 'repo/',
        };
        const faults = new Faults();
        const error = await failure(world.backup({ fresh: true }, faults), 'storage-auth');
        expect(error).toMatchObject({ exit: 30, hint: expect.stringMatching(hint) });
        expect(error.hint).toContain('the keys of this test');
        expect(faults.done(...COPIES)).toEqual([]);
        expect(await listed(full)).toEqual(before);
      }
    },
  );
});

async function listed(store: ReturnType<typeof createS3Store>): Promise<string[]> {
  const found: string[] = [];
  for await (const { objects } of store.list('')) found.push(...objects.map(({ key }) => key));
  return found;
}
