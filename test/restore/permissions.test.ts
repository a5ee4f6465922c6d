import { expect, test } from 'vitest';
import { createS3Store } from '../../src/storage/s3/s3-store.js';
import { describeWith } from '../lab/lab.js';
import { freshBucket, labConfig } from '../storage/s3/service.js';
import { allow, assumeRole } from '../storage/s3/sts.js';
import { CatalogState, MemoryCatalog } from '../support/catalog.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';
import { RealTarget } from './real-target.js';

const READ = ['s3:GetObject', 's3:ListBucket', 's3:ListBucketMultipartUploads'];
const SLOW = { timeout: 60_000 };

/** What an identity may not do at the target is found before the first copy, and named; with users and policies of a real store. */
describeWith(['s3'], 'permissions of a real store', (lab) => {
  async function target(...actions: readonly string[]) {
    const bucket = await freshBucket(lab);
    const full = createS3Store(labConfig(lab), bucket);
    const credentials = await assumeRole(lab.s3, [allow(actions, bucket)]);
    const store = createS3Store({ ...labConfig(lab), credentials, origin: 'the keys of this test' }, bucket);
    const tables = new CatalogState();
    const from = await RealTarget.with({}, new MemoryCatalog(tables, new Faults()), () => store);
    const restore = { target: { namespace: ['db'], name: 'r' }, targetLocation: `s3://${bucket}/db/r` };
    const keys = async () => {
      const found: string[] = [];
      for await (const { objects } of full.list('')) found.push(...objects.map(({ key }) => key));
      return found;
    };
    return { bucket, from, restore, keys, tables, full };
  }

  test.each([
    ['s3:PutObject', [...READ, 's3:DeleteObject'], /s3:PutObject on s3:\/\/.*\.bcn-restore-.*\.json/],
    ['s3:ListBucket', ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], /s3:ListBucket on the bucket/],
    ['s3:GetObject', ['s3:ListBucket', 's3:PutObject', 's3:DeleteObject'], /s3:GetObject on s3:/],
  ])('without %s: refused, and the permission is named', SLOW, async (_what, actions, hint) => {
    const { from, restore, keys, tables } = await target(...actions);
    const faults = new Faults();
    const error = await failure(from.restore(restore, faults), 'storage-auth');
    expect(error).toMatchObject({ exit: 30, hint: expect.stringMatching(hint) });
    expect(error.hint).toContain('the keys of this test');
    expect(faults.done('upload', 'copy')).toEqual([]);
    expect([await keys(), tables.size]).toEqual([[], 0]);
  });

  test('without s3:DeleteObject: warned before the first copy, and restored', SLOW, async () => {
    const { from, restore, keys, tables, full } = await target(...READ, 's3:PutObject');
    const early: string[] = [];
    class Watched extends Faults {
      override run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
        if (op === 'upload' && early.length === 0) early.push(...from.world.notes);
        return super.run(op, key, call);
      }
    }
    const restored = await from.restore(restore, new Watched());
    expect(restored.outcome).toBe('restored');
    expect(early).toEqual([expect.stringMatching(/may be written, but not deleted: .*AccessDenied/)]);
    const records = (await keys()).filter((key) => key.includes('.bcn-restore-'));
    expect(from.world.notes.at(-1)).toContain(`s3://${full.uri.slice(5)}/${records[0]}`);
    expect(tables.get('db.r')?.metadataLocation).toBe(restored.metadataLocation);
    expect(await from.restore(restore)).toMatchObject({ outcome: 'already' });
    await full.delete(records);
    await failure(from.restore(restore), 'table-exists');
  });

  test('with these six, nothing is missing, also to go on and to abort', SLOW, async () => {
    const { from, restore, keys } = await target(...READ, 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload');
    const whole = new Faults();
    await from.restore(
      { ...restore, target: { namespace: ['db'], name: 'other' }, targetLocation: `${restore.targetLocation}2` },
      whole,
    );
    const at = whole.log.findIndex(({ key }) => key.includes('.registering-'));
    await from.restore(restore, new Faults('crash-before', at)).catch(() => {});
    expect((await from.abort(restore)).objects).toBeGreaterThan(0);
    expect((await keys()).filter((key) => key.startsWith('db/r/'))).toEqual([]);
    await from.restore(restore, new Faults('crash-before', at)).catch(() => {});
    expect(await from.restore(restore)).toMatchObject({ outcome: 'restored' });
    expect(from.world.notes.filter((note) => /not deleted|still there/.test(note))).toEqual([]);
  });

  test('a repository whose metadata may be read and whose data may not: refused before the target is touched', SLOW, async () => {
    const bucket = await freshBucket(lab);
    const world = await World.open();
    const table = await world.table();
    await table.append([someBytes('1')]);
    world.publish(table);
    world.repository = { store: createS3Store(labConfig(lab), bucket), prefix: 'repo/' };
    await world.backup();
    const resource = (path: string) => `arn:aws:s3:::${bucket}${path}`;
    const credentials = await assumeRole(lab.s3, [
      { Effect: 'Allow', Action: READ, Resource: [resource(''), resource('/*')] },
      { Effect: 'Deny', Action: 's3:GetObject', Resource: [resource('/repo/runs/*/data/*')] },
    ]);
    world.repository = { store: createS3Store({ ...labConfig(lab), credentials }, bucket), prefix: 'repo/' };
    const faults = new Faults();
    const error = await failure(world.restore({}, faults), 'storage-auth');
    expect(error).toMatchObject({ exit: 30, hint: expect.stringMatching(/s3:GetObject on s3:.*\/data\//) });
    expect(faults.done('create', 'upload')).toEqual([]);
    expect(await world.keys('wh')).toEqual([]);
  });
});
