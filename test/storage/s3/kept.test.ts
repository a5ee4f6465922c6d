import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import type { ObjectStore } from '../../../src/storage/port.js';
import type { S3Config } from '../../../src/storage/s3/config.js';
import { createS3Store } from '../../../src/storage/s3/s3-store.js';
import { describeWith } from '../../lab/lab.js';
import { failure } from '../../support/world.js';
import { s3Failure, storeOf, xml } from './fake-server.js';
import { freshBucket, labConfig } from './service.js';

const MiB = 1 << 20;
const KEPT = { storageClass: 'STANDARD_IA', kmsKey: 'alias/backups' };

/** All ways in which a store writes: single and in parts. */
async function writeAll(store: ObjectStore): Promise<void> {
  const bytes = randomBytes(9 * MiB);
  await store.create('record', Buffer.from('x'));
  await store.upload('small', Readable.from([Buffer.from('x')]), 1);
  await store.upload('big', Readable.from([bytes]), bytes.length);
  await store.copy({ store, key: 'small', size: 1 }, 'small-copy');
  await store.copy({ store, key: 'big', size: bytes.length }, 'big-copy');
}

/** Answers every request of `writeAll` as S3 would. */
async function recorded(config: S3Config) {
  return storeOf(
    ({ method, url, headers }, response) => {
      response.setHeader('ETag', '"e"');
      if (method === 'GET') {
        const range = url.startsWith('/buck/big') ? `bytes 0-0/${9 * MiB}` : 'bytes 0-0/1';
        response.writeHead(206, { 'content-range': range, 'content-length': '1' });
        response.end('x');
      } else if (url.includes('uploads'))
        xml(response, '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
      else if (url.includes('partNumber') && headers['x-amz-copy-source'])
        xml(response, '<CopyPartResult><ETag>"e"</ETag></CopyPartResult>');
      else if (url.includes('partNumber')) response.end();
      else if (method === 'POST')
        xml(response, '<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>');
      else if (headers['x-amz-copy-source']) xml(response, '<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>');
      else response.end();
    },
    { multipartThreshold: 5 * MiB, partSize: 5 * MiB, ...config },
  );
}

test('the key goes with everything that makes an object, the class with content alone', async () => {
  const { store, fake } = await recorded(KEPT);
  await writeAll(store);
  const making = fake.seen.filter(
    ({ method, url }) => (method === 'PUT' && !url.includes('partNumber')) || /[?&]uploads\b/.test(url),
  );
  const said = making.map(({ url, headers }) => [
    url.replace(/\?.*/, ''),
    headers['x-amz-server-side-encryption'],
    headers['x-amz-server-side-encryption-aws-kms-key-id'],
    headers['x-amz-storage-class'],
  ]);
  const [kms, key, storageClass] = ['aws:kms', 'alias/backups', 'STANDARD_IA'];
  expect(said).toEqual([
    ['/buck/record', kms, key, undefined],
    ['/buck/small', kms, key, storageClass],
    ['/buck/big', kms, key, storageClass],
    ['/buck/small-copy', kms, key, storageClass],
    ['/buck/big-copy', kms, key, storageClass],
  ]);
  // Parts and their end take no such headers.
  const others = fake.seen.filter((one) => !making.includes(one));
  expect(others.flatMap(({ headers }) => Object.keys(headers)).filter((name) => /encryption|storage-class/.test(name))).toEqual(
    [],
  );
});

test('without settings the service decides', async () => {
  const { store, fake } = await recorded({});
  await writeAll(store);
  const names = fake.seen.flatMap(({ headers }) => Object.keys(headers));
  expect(names.filter((name) => /server-side-encryption|storage-class/.test(name))).toEqual([]);
});

test.each([
  [400, 'InvalidStorageClass', '', /knows no storage class STANDARD_IA/, /S3_STORAGE_CLASS or --storage-class/],
  [404, 'kms:KeyNotFound', '', /cannot encrypt with the KMS key alias\/backups/, /S3_SSE_KMS_KEY_ID or --sse-kms-key-id/],
  [
    501,
    'NotImplemented',
    '<Message>Server side encryption specified but KMS is not configured</Message>',
    /KMS key/,
    /S3_SSE_KMS_KEY_ID/,
  ],
])('%s %s: the setting is named', async (status, code, more, message, hint) => {
  const { store } = await storeOf((_seen, response) => s3Failure(response, status, code, more), KEPT);
  const error = await failure(store.copy({ store, key: 'a', size: 1 }, 'b'), 'config');
  expect(error.message).toMatch(message);
  expect(error.hint).toMatch(hint);
});

describeWith(['s3'], 'MinIO', (lab) => {
  test('takes a class for content, and refuses one it does not know', async () => {
    const bucket = await freshBucket(lab);
    const config = { ...labConfig(lab), storageClass: 'REDUCED_REDUNDANCY', multipartThreshold: 5 * MiB, partSize: 5 * MiB };
    await writeAll(createS3Store(config, bucket));
    const classes = await heads(config, bucket, ({ StorageClass }) => StorageClass);
    expect(classes).toEqual([undefined, ...Array(4).fill('REDUCED_REDUNDANCY')]);
    const other = createS3Store({ ...config, storageClass: 'NO_SUCH' }, bucket);
    const error = await failure(other.upload('x', Readable.from([Buffer.from('x')]), 1), 'config');
    expect(error.message).toContain('knows no storage class NO_SUCH');
  });
});

describeWith(['minio2'], 'MinIO with a KMS', ({ minio2 }) => {
  test.skipIf(minio2.kmsKey === undefined)(
    'encrypts everything with the key, reads and copies it, and refuses an unknown one',
    async () => {
      const lab = { s3: minio2 };
      const bucket = await freshBucket(lab);
      const config = { ...labConfig(lab), kmsKey: minio2.kmsKey ?? '', multipartThreshold: 5 * MiB, partSize: 5 * MiB };
      const store = createS3Store(config, bucket);
      await writeAll(store);
      const keys = await heads(
        config,
        bucket,
        ({ SSEKMSKeyId, ServerSideEncryption }) => `${ServerSideEncryption} ${SSEKMSKeyId}`,
      );
      expect(keys).toEqual(Array(5).fill(`aws:kms arn:aws:kms:${minio2.kmsKey}`));
      expect(String((await store.get('small-copy')).bytes)).toBe('x');
      const other = createS3Store({ ...config, kmsKey: 'no-such-key' }, bucket);
      const error = await failure(other.create('x', Buffer.from('x')), 'config');
      expect(error.message).toContain('cannot encrypt with the KMS key no-such-key');
    },
  );
});

type Head = { readonly StorageClass?: string; readonly SSEKMSKeyId?: string; readonly ServerSideEncryption?: string };

async function heads(config: S3Config, Bucket: string, what: (head: Head) => string | undefined) {
  const { Agent } = await import('node:https');
  const httpsAgent = new Agent(config.authority === undefined ? {} : { ca: config.authority });
  const client = new S3Client({
    endpoint: config.endpoint ?? '',
    region: config.region ?? '',
    forcePathStyle: true,
    credentials: config.credentials as { accessKeyId: string; secretAccessKey: string },
    requestHandler: { httpsAgent },
  });
  const found: (string | undefined)[] = [];
  for (const Key of ['record', 'small', 'big', 'small-copy', 'big-copy'])
    found.push(what(await client.send(new HeadObjectCommand({ Bucket, Key }))));
  client.destroy();
  return found;
}
