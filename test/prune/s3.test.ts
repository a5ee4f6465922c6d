import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createS3Store } from '../../src/storage/s3/s3-store.js';
import { describeWith } from '../lab/lab.js';
import { freshBucket, labConfig } from '../storage/s3/service.js';
import { allow, assumeRole } from '../storage/s3/sts.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

/** Times of a real store are whole seconds. */
const GRACE = 2000;

describeWith(['s3'], 'a repository on a real store', (lab) => {
  async function prepare() {
    const world = await World.open();
    const table = await world.table();
    await table.append([someBytes('1'), someBytes('2')]);
    world.publish(table);
    const bucket = await freshBucket(lab);
    const store = createS3Store(labConfig(lab), bucket);
    world.repository = { store, prefix: 'repo/' };
    for (const name of ['one', 'two']) await world.backup({ name, fresh: true });
    await world.delete('one');
    const keys = async () => {
      const found: string[] = [];
      for await (const { objects } of store.list('')) found.push(...objects.map(({ key }) => key));
      return found;
    };
    return { world, bucket, store, keys };
  }

  test('what is deleted goes, what is needed stays, and in the end only the record is left', { timeout: 60_000 }, async () => {
    const { world, keys } = await prepare();
    const run = (await world.commit('one'))?.run;
    expect((await world.prune()).backups).toEqual([]);
    await sleep(GRACE + 1500);
    expect((await world.prune({ grace: GRACE })).backups).toEqual(['one']);
    expect((await keys()).filter((key) => key.includes(`/runs/${run}/`))).toEqual([]);
    expect((await world.verify({ name: 'two' })).problems).toEqual([]);
    await world.delete('two');
    for (let i = 0; i < 2; i++) {
      await sleep(GRACE + 1500);
      await world.prune({ grace: GRACE });
    }
    expect(await keys()).toEqual(['repo/bcn.json']);
  });

  test('without s3:DeleteObject: exit 30, the permission is named, nothing is harmed', { timeout: 60_000 }, async () => {
    const { world, bucket, keys } = await prepare();
    await sleep(GRACE + 1500);
    const before = await keys();
    const full = world.repository;
    const rights = ['s3:GetObject', 's3:PutObject', 's3:ListBucket', 's3:ListBucketMultipartUploads', 's3:AbortMultipartUpload'];
    const credentials = await assumeRole(lab.s3, [allow(rights, bucket)]);
    const store = createS3Store({ ...labConfig(lab), credentials, origin: 'the keys of this test' }, bucket);
    world.repository = { store, prefix: 'repo/' };
    const error = await failure(world.prune({ grace: GRACE }), 'storage-auth');
    expect(error).toMatchObject({ exit: 30, hint: expect.stringContaining('s3:DeleteObject') });
    // What announces the removal was written, and stays.
    expect((await keys()).filter((key) => !/@purged-|-purged\.json$/.test(key))).toEqual(before);
    world.repository = full;
    expect((await world.verify({ name: 'two' })).problems).toEqual([]);
  });
});
