import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { BcnError } from '../../../src/errors.js';
import type { ObjectStore } from '../../../src/storage/port.js';
import { readRange } from '../../../src/storage/read-range.js';
import { createS3Service, createS3Store } from '../../../src/storage/s3/s3-store.js';
import { storageConformance } from '../../conformance/storage.js';
import { all, failure, type StorageFixture, sha256 } from '../../conformance/storage-parts/tools.js';
import type { LabWith } from '../../lab/lab.js';
import { freshBucket, labConfig } from './service.js';

const MiB = 1 << 20;

/** All that holds of every S3 service: the conformance suite, parts, streams, credentials. */
export function s3Suite(name: string, lab: LabWith<'s3'>, abilities: Pick<StorageFixture, 'refuses' | 'lacks'>): void {
  const config = labConfig(lab);

  storageConformance(name, async () => {
    const service = createS3Service({ ...config, pageSize: 7 });
    const bucket = await freshBucket(lab);
    return {
      store: service.bucket(bucket),
      sibling: service.bucket(await freshBucket(lab)),
      inParts: createS3Store({ ...config, label: service.service, multipartThreshold: 5 * MiB, partSize: 5 * MiB }, bucket),
      prefix: 'conf/',
      noBucket: service.bucket('bcn-no-such-bucket'),
      ...abilities,
    };
  });

  describe('in parts', () => {
    let bucket: string;
    let store: ObjectStore;
    const bytes = randomBytes(12 * MiB + 5);
    beforeAll(async () => {
      bucket = await freshBucket(lab);
      store = createS3Store({ ...config, multipartThreshold: 5 * MiB, partSize: 5 * MiB }, bucket);
      await store.upload('source é+%20/x', Readable.from([bytes]), bytes.length);
    });

    test('an upload of several parts has the whole sha256', async () => {
      const made = await store.upload('parts', Readable.from(pieces(bytes, 100_003)), bytes.length);
      expect(made.sum).toEqual({ alg: 'sha256', value: sha256(bytes), kind: 'full' });
      expect(made.etag).toMatch(/-3"$/);
      expect((await store.get('parts')).bytes.equals(bytes)).toBe(true);
    });

    test('a copy of several parts', async () => {
      const made = await store.copy({ store, key: 'source é+%20/x', size: bytes.length }, 'copy/x');
      expect(made.etag).toMatch(/-3"$/);
      if (made.sum?.alg === 'sha256') {
        const parts = [0, 5 * MiB, 10 * MiB].map((at) =>
          createHash('sha256')
            .update(bytes.subarray(at, at + 5 * MiB))
            .digest(),
        );
        expect(made.sum).toEqual({ alg: 'sha256', value: sha256(Buffer.concat(parts)), kind: 'composite', partSize: 5 * MiB });
      }
      expect((await store.get('copy/x')).bytes.equals(bytes)).toBe(true);
      // The second one goes the way that the first has learnt.
      await store.copy({ store, key: 'source é+%20/x', size: bytes.length }, 'copy/y');
      expect((await store.get('copy/y')).bytes.equals(bytes)).toBe(true);
    });

    test('a copy in parts of what was put at once, and of that copy: a checksum is the true one, or none', async () => {
      const { sum } = await store.create('whole', bytes);
      expect(sum?.value).toBe(sha256(bytes));
      const parts = [0, 5 * MiB, 10 * MiB].map((at) => bytes.subarray(at, at + 5 * MiB));
      const composite = sha256(Buffer.concat(parts.map((part) => Buffer.from(sha256(part), 'base64'))));
      for (const [from, to] of [
        ['whole', 'whole-1'],
        ['whole-1', 'whole-2'],
      ] as const) {
        const made = await store.copy({ store, key: from, size: bytes.length }, to);
        if (made.sum?.alg === 'sha256') expect(made.sum.value).toBe(composite);
        expect((await store.get(to)).bytes.equals(bytes)).toBe(true);
      }
    });

    test('ranges of an object of several parts, also one that is a part, and all of it', async () => {
      await store.copy({ store, key: 'source é+%20/x', size: bytes.length }, 'ranges');
      for (const key of ['source é+%20/x', 'ranges'])
        for (const [start, end] of [
          [0, bytes.length],
          [0, 5 * MiB],
          [5 * MiB, 10 * MiB],
          [5 * MiB - 1, 5 * MiB + 1],
          [10 * MiB, bytes.length],
        ] as const)
          expect((await readRange(store, key, start, end)).equals(bytes.subarray(start, end))).toBe(true);
    });

    test('a copy of parts that are equal', async () => {
      const same = Buffer.alloc(10 * MiB, 'bcn');
      await store.create('same', same);
      const made = await store.copy({ store, key: 'same', size: same.length }, 'same-copy');
      expect(made.etag).toMatch(/-2"$/);
      expect((await store.get('same-copy')).bytes.equals(same)).toBe(true);
    });

    test('a copy in parts of a source with another length is corrupt, of none is not found', async () => {
      const error = await failure(store.copy({ store, key: 'source é+%20/x', size: bytes.length + 1 }, 'bad/x'), 'corrupt');
      expect(error.object).toBe(`s3://${bucket}/source é+%20/x`);
      const none = await failure(store.copy({ store, key: 'none', size: bytes.length }, 'bad/x'), 'object-not-found');
      expect(none.object).toBe(`s3://${bucket}/none`);
      expect(await all(store, 'bad/')).toEqual([]);
      expect(await store.abortUploads('bad/x')).toBe(0);
    });

    test.each([
      ['fewer', bytes.length + 1],
      ['more', bytes.length - 1],
    ])('an upload in parts of %s bytes than announced is corrupt and leaves no parts', async (_name, size) => {
      await failure(store.upload('wrong', Readable.from(pieces(bytes, MiB)), size), 'corrupt');
      expect(await all(store, 'wrong')).toEqual([]);
      expect(await store.abortUploads('wrong')).toBe(0);
    });

    test('an interrupted upload leaves no parts', async () => {
      const stop = new AbortController();
      const body = new PassThrough();
      for (const piece of pieces(bytes, MiB).slice(0, 11)) body.write(piece);
      setTimeout(() => stop.abort(), 300);
      await failure(store.upload('stopped', body, bytes.length, { signal: stop.signal }), 'interrupted');
      expect(await store.abortUploads('stopped')).toBe(0);
      expect(await all(store, 'stopped')).toEqual([]);
    });

    test('abortUploads aborts what an earlier run has left', async () => {
      const sdk = await import('@aws-sdk/client-s3');
      const client = new sdk.S3Client({ ...config, forcePathStyle: true });
      for (let i = 0; i < 2; i++)
        await client.send(new sdk.CreateMultipartUploadCommand({ Bucket: bucket, Key: 'left a+b%20/x' }));
      expect(await store.abortUploads('left a+b%20/x')).toBe(2);
      expect(await store.abortUploads('left a+b%20/x')).toBe(0);
    });
  });

  test('a download streams, and stops when its reader does', async () => {
    const store = createS3Store(config, await freshBucket(lab));
    const bytes = randomBytes(20 * MiB);
    await store.upload('big', Readable.from(pieces(bytes, MiB)), bytes.length);
    const hash = createHash('sha256');
    await pipeline(await store.read('big'), hash);
    expect(hash.digest('base64')).toBe(sha256(bytes));
    const early = await store.read('big');
    await new Promise((resolve) => early.once('data', resolve));
    early.destroy();
    const stop = new AbortController();
    const stopped = await store.read('big', { signal: stop.signal });
    const seen = stopped.once('data', () => stop.abort()).toArray();
    await failure(seen, 'interrupted');
  });

  test('wrong credentials say which were used, and never the secret', async () => {
    const bucket = await freshBucket(lab);
    for (const credentials of [
      { accessKeyId: 'nobody', secretAccessKey: 'my-secret-1' },
      { accessKeyId: config.credentials.accessKeyId, secretAccessKey: 'my-secret-1' },
    ]) {
      const store = createS3Store({ ...config, credentials, origin: 'keys of S3_ACCESS_KEY' }, bucket);
      const error = await failure(store.get('x'), 'storage-auth');
      expect(error.hint).toContain('keys of S3_ACCESS_KEY');
      expect(store.service).not.toContain(credentials.accessKeyId === 'nobody' ? 'nobody' : credentials.accessKeyId);
      expect(JSON.stringify([error, error.message, error.stack, store.service])).not.toContain('my-secret-1');
    }
  });

  test('BcnErrors keep the cause', async () => {
    const error = await failure(createS3Store(config, await freshBucket(lab)).get('none'), 'object-not-found');
    expect(error).toBeInstanceOf(BcnError);
    expect((error.cause as Error).name).toBe('NoSuchKey');
  });
}

function pieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}
