/** Objects that only the holder of a key can read (SSE-C), on a real service: it takes such keys over TLS alone. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import * as sdk from '@aws-sdk/client-s3';
import { beforeAll, expect, test } from 'vitest';
import { openClients } from '../../../src/storage/s3/clients.js';
import { createS3Store } from '../../../src/storage/s3/s3-store.js';
import { failure } from '../../conformance/storage-parts/tools.js';
import { describeWith } from '../../lab/lab.js';
import { freshBucket, labConfig } from './service.js';

describeWith(['minio2'], 'an object under a key of its owner', ({ minio2 }) => {
  const config = labConfig({ s3: minio2 });
  let bucket: string;
  beforeAll(async () => {
    bucket = await freshBucket({ s3: minio2 });
    const key = Buffer.alloc(32, 7);
    await openClients(sdk, config).quick.send(
      new sdk.PutObjectCommand({
        Bucket: bucket,
        Key: 'secret',
        Body: 'bytes',
        SSECustomerAlgorithm: 'AES256',
        SSECustomerKey: key.toString('base64'),
        SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
      }),
    );
  });

  test.each(['get', 'read', 'range', 'copy'] as const)('%s: refused, named, with what it is', async (how) => {
    const store = createS3Store(config, bucket);
    const calls = {
      get: () => store.get('secret'),
      read: () => store.read('secret'),
      range: () => store.read('secret', { range: { start: 0, end: 2 } }),
      copy: () => store.copy({ store, key: 'secret', size: 5 }, 'copy'),
    };
    const error = await failure(calls[how](), 'unsupported');
    expect(error).toMatchObject({ exit: 22, object: `s3://${bucket}/secret` });
    expect(error.message).toMatch(/SSE-C/);
    expect(error.hint).toBeTruthy();
    // Nothing of the service itself was refused: other copies still get their checksums.
    await store.upload('plain', Readable.from([Buffer.from('x')]), 1);
    expect((await store.copy({ store, key: 'plain', size: 1 }, `copied-${how}`)).sum?.alg).toBe('sha256');
  });
});
