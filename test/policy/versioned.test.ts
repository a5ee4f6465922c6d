import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectLockConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, expect, test } from 'vitest';
import type { ObjectVersion } from '../../src/storage/versions.js';
import { run } from '../cli/run.js';
import { describeWith } from '../lab/lab.js';
import { labConfig } from '../storage/s3/service.js';
import { assumeRole } from '../storage/s3/sts.js';
import { failure, type World } from '../support/world.js';
import { Roles } from './roles.js';

const SLOW = { timeout: 120_000 };
/** Times of a real store are whole seconds. */
const GRACE = 1000;
const graceOver = () => sleep(GRACE + 1200);

/** What each command does on buckets that keep versions or lock them, by identities with the printed policies. */
describeWith(['s3'], 'buckets of MinIO', ({ s3 }) => {
  const { endpoint, region = '', credentials } = labConfig({ s3 });
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  afterAll(() => client.destroy());

  async function bucketWith(what: 'versioning' | 'lock'): Promise<string> {
    const Bucket = `bcn-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: what === 'lock' }));
    if (what === 'versioning')
      await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    // Until it is turned off nothing of the bucket can be removed, which a lab may forget.
    const Rule = { DefaultRetention: { Mode: 'GOVERNANCE' as const, Days: 1 } };
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' as const, Rule };
    if (what === 'lock') await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    return Bucket;
  }

  async function versionsOf(world: World, prefix = ''): Promise<readonly ObjectVersion[]> {
    const { store, prefix: repository } = world.place();
    const found: ObjectVersion[] = [];
    for await (const one of store.versions?.list(repository + prefix) ?? []) found.push(one);
    return found;
  }

  test(
    'versioning: deleting hides, prune leaves versions and says so, prune --versions removes those of what is gone',
    SLOW,
    async () => {
      const roles = await Roles.open(s3, await bucketWith('versioning'));
      const table = await roles.table();
      const [writer, pruner] = [await roles.as('backup'), await roles.as('prune')];
      await writer.backup({ name: 'one' });
      await table.overwrite((path) => path.endsWith('f-1.parquet'), ['other']);
      await table.expire(1);
      writer.publish(table);
      await sleep(1100);
      await writer.backup({ name: 'two' });
      const gone = (await roles.keys()).find((key) => key.endsWith('f-1.parquet')) ?? '';
      await pruner.delete('one');
      await graceOver();
      expect(await pruner.prune({ grace: GRACE })).toMatchObject({ backups: ['one'], versioned: true, locked: { objects: 0 } });
      expect(await roles.keys()).not.toContain(gone);
      expect((await versionsOf(roles.full, gone)).map(({ marker }) => marker)).toEqual([true, false]);
      expect((await failure(pruner.prune({ grace: GRACE, versions: true }), 'storage-auth')).hint).toContain(
        // MinIO lets who may list objects list versions, too.
        's3:DeleteObjectVersion',
      );
      const thorough = await roles.as('prune', '--versions');
      const removed = await thorough.prune({ grace: GRACE, versions: true });
      expect(removed.removed.versions.objects).toBeGreaterThan(2);
      expect(await versionsOf(roles.full, gone)).toEqual([]);
      for (let i = 0; i < 2; i++) {
        await graceOver();
        await thorough.prune({ grace: GRACE, versions: true });
      }
      expect((await versionsOf(roles.full)).filter(({ marker, latest }) => marker || !latest)).toEqual([]);
      // Nothing is locked here, and the plain prune has written the events.
      const unused = ['s3:PutObject', 's3:GetObjectRetention', 's3:AbortMultipartUpload', 's3:ListBucketMultipartUploads'];
      expect(roles.unused(thorough).filter((action) => !unused.includes(action))).toEqual([]);
      expect((await roles.full.verify({ name: 'two' })).problems).toEqual([]);
      // Who makes backups can remove nothing for ever.
      const [any] = await versionsOf(roles.full, 'backups/');
      if (!any) throw new Error('no version');
      for (const world of [writer, pruner])
        expect((await failure(world.place().store.versions?.delete([any]) as Promise<unknown>, 'storage-auth')).hint).toContain(
          's3:DeleteObjectVersion',
        );
    },
  );

  test('a delete marker on an object of the repository: verify and restore name it, and it comes back', SLOW, async () => {
    const roles = await Roles.open(s3, await bucketWith('versioning'));
    await roles.table();
    const world = roles.full;
    await world.backup();
    const { store, prefix } = world.place();
    const root = (await world.commit())?.tables[0]?.root.key ?? '';
    const content = (await roles.keys()).filter((key) => key.endsWith('.parquet'));
    for (const key of [root, ...content]) {
      await store.delete([prefix + key]);
      expect((await world.verify({ readData: true })).problems.length).toBeGreaterThan(0);
      const error = await failure(world.restore({ targetLocation: world.uri('wh', 'db/r') }), 'corrupt');
      expect(error).toMatchObject({ exit: 32, object: `${store.uri}/${prefix}${key}` });
      expect(error.hint).toContain('remove the delete marker');
      const [marker] = await versionsOf(world, key);
      await store.versions?.delete(marker ? [marker] : []);
    }
    // A record that is hidden is not there for anybody but a prune that looks at versions.
    await store.delete([`${prefix}backups/b.json`]);
    await failure(world.restore({ targetLocation: world.uri('wh', 'db/r') }), 'backup-not-found');
    expect((await failure(world.prune({ versions: true }), 'corrupt')).message).toContain('nobody has deleted with bcn');
    const [marker] = await versionsOf(world, 'backups/');
    await store.versions?.delete(marker ? [marker] : []);
    expect(await world.restore({ targetLocation: world.uri('wh', 'db/r') })).toMatchObject({ outcome: 'restored' });
  });

  test('object lock: backups and deletes go on, list says until when, prune --versions counts what stays', SLOW, async () => {
    const roles = await Roles.open(s3, await bucketWith('lock'));
    await roles.table();
    await (await roles.as('backup')).backup();
    const env = async (flags: readonly string[]) => {
      const { accessKeyId, secretAccessKey, sessionToken } = await assumeRole(s3, await roles.policy('verify', ...flags));
      const keys = { S3_ACCESS_KEY: accessKeyId, S3_SECRET_KEY: secretAccessKey, S3_SESSION_TOKEN: sessionToken };
      return { ...keys, S3_ENDPOINT: s3.endpoint, BACKUP_BUCKET: `${roles.backups}/repo` };
    };
    const listed = await run(['list', '--retention', '--json'], { env: await env(['--retention']) });
    expect(listed.exit, listed.stdout).toBe(0);
    const until = Date.parse(String(listed.events().find(({ type }) => type === 'backup')?.locked_until));
    expect(Math.abs(until - Date.now() - 24 * 3_600_000)).toBeLessThan(3_600_000);
    const text = await run(['list', '--retention'], { env: await env(['--retention']) });
    expect(text.stdout).toMatch(/LOCKED UNTIL \(UTC\)\n.* \d{4}-\d\d-\d\d \d\d:\d\d/);
    expect(await run(['list', '--retention'], { env: await env([]) })).toMatchObject({
      exit: 30,
      stderr: expect.stringContaining('s3:GetBucketObjectLockConfiguration'),
    });

    const pruner = await roles.as('prune', '--versions');
    await pruner.delete('b');
    await graceOver();
    const before = await versionsOf(roles.full, 'runs/');
    const pruned = await pruner.prune({ grace: GRACE, versions: true });
    expect(pruned).toMatchObject({ backups: ['b'], locked: { objects: before.length } });
    expect(roles.unused(pruner)).not.toContain('s3:GetObjectRetention');
    expect(pruned.lockedObject).toMatch(/\/repo\/runs\//);
    expect(pruned.lockedUntil).toBeGreaterThanOrEqual(until);
    expect(await versionsOf(roles.full, 'runs/')).toEqual(before);
  });

  test('list --retention of a bucket without lock', async () => {
    const roles = await Roles.open(s3);
    await roles.table();
    await roles.full.backup();
    const keys = { S3_ENDPOINT: s3.endpoint, S3_ACCESS_KEY: s3.accessKey, S3_SECRET_KEY: s3.secretKey };
    const { exit, stdout, stderr } = await run(['list', '--retention'], {
      env: { ...keys, BACKUP_BUCKET: `${roles.backups}/repo` },
    });
    expect([exit, stderr]).toEqual([0, expect.stringContaining('has no object lock')]);
    expect(stdout).toMatch(/LOCKED UNTIL \(UTC\)\n.* -\n/);
  });
});
