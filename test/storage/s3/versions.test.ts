import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../src/storage/port.js';
import { createS3Store } from '../../../src/storage/s3/s3-store.js';
import type { ObjectVersions } from '../../../src/storage/versions.js';
import { describeWith } from '../../lab/lab.js';
import { VersionedStore } from '../../support/versioned-store.js';
import { failure } from '../../support/world.js';
import { s3Failure, storeOf, xml } from './fake-server.js';
import { freshBucket, labConfig } from './service.js';
import { allow, assumeRole } from './sts.js';

interface Subject {
  readonly store: ObjectStore;
  readonly versions: ObjectVersions;
  overwrite(key: string, text: string): Promise<void>;
  /** ms */
  lock(key: string, until: number): Promise<void>;
}

const bytes = (text: string) => Buffer.from(text);

/** What prune takes a bucket with versioning for. */
function contract(open: () => Promise<Subject>): void {
  async function listed({ versions }: Subject, prefix = '') {
    const found = [];
    for await (const { key, size, latest, marker } of versions.list(prefix)) found.push([key, size, latest, marker]);
    return found;
  }
  async function ids({ versions }: Subject, key: string) {
    const found = [];
    for await (const one of versions.list(key)) found.push(one);
    return found;
  }

  test('deletes and writes leave versions, newest first of each key; keys in byte order', async () => {
    const subject = await open();
    const { store, versions } = subject;
    expect(await versions.kept()).toBe(true);
    await store.create('a/x', bytes('1'));
    await subject.overwrite('a/x', '22');
    await store.create('a+ é', bytes('1'));
    await store.create('b', bytes('1'));
    await store.delete(['a/x', 'never']);
    expect(await listed(subject, 'a')).toEqual([
      ['a+ é', 1, true, false],
      ['a/x', 0, true, true],
      ['a/x', 2, false, false],
      ['a/x', 1, false, false],
    ]);
    const [marker, , oldest] = await ids(subject, 'a/x');
    expect(marker?.modified).toBeGreaterThan(0);
    expect(String(await versions.get({ key: 'a/x', version: oldest?.version ?? '' }))).toBe('1');
  });

  test('what lies on top is removed: what is below is there again; twice is no error', async () => {
    const subject = await open();
    const { store, versions } = subject;
    await store.create('k', bytes('old'));
    await subject.overwrite('k', 'new');
    await store.delete(['k']);
    await failure(store.get('k'), 'object-not-found');
    const [marker, replaced] = await ids(subject, 'k');
    if (!marker || !replaced) throw new Error('versions are missing');
    expect(await versions.delete([marker])).toEqual([]);
    expect(String((await store.get('k')).bytes)).toBe('new');
    expect(await versions.delete([replaced, marker])).toEqual([]);
    expect(String((await store.get('k')).bytes)).toBe('old');
    expect(await versions.delete(await ids(subject, 'k'))).toEqual([]);
    expect(await listed(subject)).toEqual([]);
  });

  test('a lock keeps its version, not the others, and tells until when', async () => {
    const subject = await open();
    const { store, versions } = subject;
    for (const key of ['locked', 'free']) await store.create(key, bytes(key));
    const until = Math.ceil(Date.now() / 1000) * 1000 + 3_600_000;
    await subject.lock('locked', until);
    expect(await versions.lockable()).toBe(true);
    expect([await versions.lockedUntil('locked', undefined), await versions.lockedUntil('free', undefined)]).toEqual([
      until,
      undefined,
    ]);
    // Deleting in the usual way only hides it.
    await store.delete(['locked', 'free']);
    const all = [...(await ids(subject, 'locked')), ...(await ids(subject, 'free'))];
    const locked = all.find(({ key, marker }) => key === 'locked' && !marker);
    expect(await versions.lockedUntil('locked', locked?.version)).toBe(until);
    expect(await versions.lockedUntil('locked', all.find(({ marker }) => marker)?.version)).toBeUndefined();
    expect(await versions.delete(all)).toEqual([expect.objectContaining({ key: 'locked', version: locked?.version })]);
    expect(await listed(subject)).toEqual([['locked', 6, true, false]]);
  });
}

describe('the fake that prune is tested with', () => {
  contract(async () => {
    let now = Date.now();
    const store = new VersionedStore('v', () => now++);
    return {
      ...{ store, versions: store.versions },
      overwrite: async (key, text) => store.overwrite(key, text),
      lock: async (key, until) => store.lock(key, until),
    };
  });
});

describeWith(['s3'], 'MinIO', (lab) => {
  const config = { ...labConfig(lab), pageSize: 2 };
  const { endpoint, region = '', credentials } = config;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  afterAll(() => client.destroy());

  async function bucketWith(settings: { readonly lock?: boolean; readonly versioning?: boolean }): Promise<string> {
    const Bucket = `bcn-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: settings.lock === true }));
    if (settings.versioning)
      await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    return Bucket;
  }

  contract(async () => {
    const Bucket = await bucketWith({ lock: true });
    const store = createS3Store(config, Bucket);
    return {
      ...{ store, versions: store.versions as ObjectVersions },
      overwrite: async (Key, Body) => {
        await client.send(new PutObjectCommand({ Bucket, Key, Body }));
      },
      lock: async (Key, until) => {
        const Retention = { Mode: 'GOVERNANCE' as const, RetainUntilDate: new Date(until) };
        await client.send(new PutObjectRetentionCommand({ Bucket, Key, Retention }));
      },
    };
  });

  test('a read, a download and a copy of what a delete marker hides say so', async () => {
    const store = createS3Store(config, await bucketWith({ versioning: true }));
    await store.create('k', bytes('x'));
    await store.delete(['k']);
    const calls = [() => store.get('k'), () => store.read('k'), () => store.copy({ store, key: 'k', size: 1 }, 'to')];
    for (const call of calls) {
      const error = await failure(call(), 'object-not-found');
      expect(error.message).toMatch(/k does not exist: a delete marker hides it/);
      expect(error.hint).toContain('remove the delete marker');
    }
    const plain = await failure(store.get('other'), 'object-not-found');
    expect(plain.message).not.toContain('marker');
  });

  test('a bucket without versions and locks, and who may not ask', async () => {
    const bucket = await freshBucket(lab);
    const versions = createS3Store(config, bucket).versions as ObjectVersions;
    expect([await versions.kept(), await versions.lockable(), await versions.lockedUntil('none', undefined)]).toEqual([
      false,
      false,
      undefined,
    ]);
    const who = { ...config, credentials: await assumeRole(lab.s3, [allow(['s3:GetObject', 's3:PutObject'], bucket)]) };
    const store = createS3Store(who, bucket);
    await store.create('k', bytes('x'));
    expect(await store.versions?.kept()).toBeUndefined();
    const denied = async (call: Promise<unknown> | undefined) => (await failure(Promise.resolve(call), 'storage-auth')).hint;
    expect(await denied(store.versions?.lockable())).toContain(`s3:GetBucketObjectLockConfiguration on the bucket ${bucket}`);
    expect(await denied(store.versions?.lockedUntil('k', undefined))).toContain('s3:GetObjectRetention on s3://');
    expect(await denied(store.versions?.list('')[Symbol.asyncIterator]().next())).toContain(
      's3:ListBucketVersions on the bucket',
    );
    expect(await denied(store.versions?.delete([{ key: 'k', version: 'null' }]))).toContain('s3:DeleteObjectVersion');
  });
});

describe('answers that a real service does not give', () => {
  test('a listing that says it goes on, and not where', async () => {
    const { store } = await storeOf((_seen, response) =>
      xml(response, '<ListVersionsResult><IsTruncated>true</IsTruncated></ListVersionsResult>'),
    );
    const pages = (store.versions as ObjectVersions).list('x')[Symbol.asyncIterator]();
    await failure(pages.next(), 'storage-unavailable');
  });

  test.each([
    [400, 'MalformedACLError'],
    [403, 'AccessDenied'],
    [404, 'NoSuchVersioningConfiguration'],
    [501, 'NotImplemented'],
  ])('a service that says %s %s when it is asked for versioning: not known', async (status, code) => {
    const { store } = await storeOf((_seen, response) => s3Failure(response, status, code));
    expect(await store.versions?.kept()).toBeUndefined();
  });

  test('a service without bulk deletes, and one that knows neither versions nor locks', async () => {
    const { store, fake } = await storeOf(({ method, url }, response) => {
      if (method === 'POST') s3Failure(response, 501, 'NotImplemented');
      else if (method === 'DELETE' && url.includes('/locked'))
        s3Failure(response, 403, 'AccessDenied', '<Message>protected by object lock</Message>');
      else if (method === 'DELETE') response.writeHead(204).end();
      else s3Failure(response, 501, 'NotImplemented');
    });
    const versions = store.versions as ObjectVersions;
    const [free, locked] = [
      { key: 'free', version: '1' },
      { key: 'locked', version: '2' },
    ];
    expect(await versions.delete([free, locked])).toEqual([locked]);
    expect(fake.seen.filter(({ method }) => method === 'DELETE').map(({ url }) => /versionId=(\d)/.exec(url)?.[1])).toEqual([
      '1',
      '2',
    ]);
    expect([await versions.kept(), await versions.lockable()]).toEqual([undefined, false]);
  });
});

test('one stream of the fake and of S3 is read like any other', async () => {
  let now = 1;
  const store = new VersionedStore('v', () => now++);
  await store.upload('k', Readable.from([bytes('abc')]), 3);
  await store.copy({ store, key: 'k', size: 3 }, 'copy');
  const sizes = [];
  for await (const { key, size } of store.versions.list('')) sizes.push([key, size]);
  expect(sizes).toEqual([
    ['copy', 3],
    ['k', 3],
  ]);
});
