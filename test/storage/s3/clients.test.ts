import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ObjectStore } from '../../../src/storage/port.js';
import type { S3Config } from '../../../src/storage/s3/config.js';
import { createS3Store } from '../../../src/storage/s3/s3-store.js';
import { all, failure } from '../../conformance/storage-parts/tools.js';
import { describeWith } from '../../lab/lab.js';
import { makeAuthority } from '../../lab/tls.mjs';
import { resolveHere } from './fake-aws.js';
import { storeOf } from './fake-server.js';
import { credentialsProvider } from './provider.js';
import { freshBucket, labConfig } from './service.js';
import { allow, assumeRole, type Session } from './sts.js';

const MiB = 1 << 20;

/** Every kind of request once. */
async function useAll(store: ObjectStore): Promise<void> {
  const key = 'a b/c+d%20é#?/x';
  await store.create(key, Buffer.from('one'));
  await failure(store.create(key, Buffer.from('two')), 'object-exists');
  const big = Buffer.alloc(9 * MiB, 'x');
  await store.upload('big', Readable.from([big]), big.length);
  await store.copy({ store, key, size: 3 }, 'copy');
  await store.copy({ store, key: 'big', size: big.length }, 'copy in parts');
  expect((await store.get('copy')).bytes.toString()).toBe('one');
  expect((await all(store, '')).map((object) => object.key)).toEqual([key, 'big', 'copy', 'copy in parts']);
  expect(await store.abortUploads('')).toBe(0);
  await store.delete([key, 'big', 'copy', 'copy in parts']);
  expect(await all(store, '')).toEqual([]);
}

describeWith(['s3', 'minio2'], 'addresses', ({ s3, minio2 }) => {
  const parts = { multipartThreshold: 5 * MiB, partSize: 5 * MiB };

  test.each([
    ['path style', s3, {}],
    ['path style over TLS of a private authority, in another region', minio2, {}],
    ['an address without a name is used in path style, whatever is asked for', minio2, { forcePathStyle: false }],
  ])('%s', async (_name, part, more) => {
    await useAll(createS3Store({ ...labConfig({ s3: part }), ...parts, ...more }, await freshBucket({ s3: part })));
  });

  test('virtual hosts', async () => {
    const domain = minio2.domain ?? '';
    const endpoint = minio2.endpoint.replace('127.0.0.1', domain);
    const asked = resolveHere(domain);
    const bucket = await freshBucket({ s3: minio2 });
    await useAll(createS3Store({ ...labConfig({ s3: minio2 }), ...parts, endpoint, forcePathStyle: false }, bucket));
    expect([...asked]).toEqual([`${bucket}.${domain}`]);
    await createS3Store({ ...labConfig({ s3: minio2 }), endpoint }, bucket).create('x', Buffer.from('x'));
    expect(asked).toContain(domain);
  });

  test('a bucket with a dot in its name is no host name under a wildcard certificate: path style', async () => {
    const domain = minio2.domain ?? '';
    const asked = resolveHere(domain);
    const bucket = await freshBucket({ s3: minio2 }, `bcn.${randomUUID()}`);
    const endpoint = minio2.endpoint.replace('127.0.0.1', domain);
    await useAll(createS3Store({ ...labConfig({ s3: minio2 }), ...parts, endpoint, forcePathStyle: false }, bucket));
    expect([...asked]).toEqual([domain]);
  });
});

describeWith(['minio2'], 'trust', ({ minio2 }) => {
  const config = { ...labConfig({ s3: minio2 }), variables: 'BCN_REPO_S3' };
  const get = (more: Partial<S3Config>) => createS3Store({ ...config, ...more, maxAttempts: 1 }, 'warehouse').get('none');

  test('a private authority among others', async () => {
    const authority = `${makeAuthority().cert}${config.authority}${makeAuthority().cert}`;
    await failure(get({ authority }), 'object-not-found');
  });

  test('without it the hint names the variable', async () => {
    const error = await failure(get({ authority: undefined }), 'config');
    expect(error.message).toMatch(/^No trusted TLS connection to https:\/\/127\.0\.0\.1:\d+: /);
    expect(error.hint).toBe(
      'For a private authority set BCN_REPO_S3_CA_FILE to a PEM file with the certificate of the authority behind it.',
    );
  });

  test('another authority than that of the service', async () => {
    const error = await failure(get({ authority: makeAuthority().cert }), 'config');
    expect(error.hint).toMatch(/^The authorities of BCN_REPO_S3_CA_FILE did not issue its certificate/);
  });

  test('trust in one place is none in another', async () => {
    await failure(get({}), 'object-not-found');
    await failure(get({ authority: undefined }), 'config');
  });

  test('plain HTTP to a TLS port', async () => {
    const error = await failure(get({ endpoint: minio2.endpoint.replace('https:', 'http:') }), 'config');
    expect(error.hint).toBe('If it speaks TLS, write https:// in BCN_REPO_S3_ENDPOINT.');
  });

  test('the wrong region is named with the right one and its variable', async () => {
    const error = await failure(get({ region: 'us-east-1' }), 'config');
    expect(error.message).toContain('is not in the region us-east-1 of https://127.0.0.1');
    expect(error.hint).toBe('Its region is eu-central-1: set BCN_REPO_S3_REGION=eu-central-1.');
  });
});

describeWith(['s3', 'minio2'], 'clocks', ({ s3, minio2 }) => {
  afterEach(() => void vi.useRealTimers());

  test.each([
    ['two hours behind', s3, -2],
    ['three years ahead', minio2, 26_280],
    ['ten days behind', minio2, -240],
  ])('a machine that is %s: the SDK learns the time of the service and asks again', async (_name, part, hours) => {
    const bucket = await freshBucket({ s3: part });
    const now = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: now + hours * 3_600_000 });
    const store = createS3Store({ ...labConfig({ s3: part }), multipartThreshold: 5 * MiB, partSize: 5 * MiB }, bucket);
    await useAll(store);
    const { date } = await store.create('x', Buffer.from('x'));
    expect(Math.abs(date - now)).toBeLessThan(600_000);
  });
});

describeWith(['s3'], 'temporary keys', ({ s3 }) => {
  const store = (credentials: Session, bucket: string, more: Partial<S3Config> = {}) =>
    createS3Store({ ...labConfig({ s3: s3 }), credentials, multipartThreshold: 5 * MiB, partSize: 5 * MiB, ...more }, bucket);

  test('may do all that their session may', async () => {
    const bucket = await freshBucket({ s3: s3 });
    await useAll(store(await assumeRole(s3), bucket));
    await useAll(store(await assumeRole(s3, [allow(['s3:*'], bucket)]), bucket));
  });

  test('credentials of a provider are renewed before they expire', async () => {
    const bucket = await freshBucket({ s3: s3 });
    const narrow = await assumeRole(s3, [allow(['s3:ListBucket'], bucket)]);
    const wide = await assumeRole(s3, [allow(['s3:*'], bucket)]);
    // The first ones are said to end in a minute: soon enough to be renewed at the next request.
    const { asked } = await credentialsProvider((count) => (count === 1 ? { ...narrow, endsIn: 60_000 } : wide));
    const own = createS3Store({ ...labConfig({ s3: s3 }), credentials: undefined }, bucket);
    const error = await failure(own.create('x', Buffer.from('x')), 'storage-auth');
    expect(error.hint).toContain('s3:PutObject');
    await vi.waitFor(() => own.create('x', Buffer.from('x')), 5000);
    expect(asked()).toBe(2);
  });
});

describe('silence', () => {
  test('a server that accepts connections and says nothing, also not a word of TLS', async () => {
    const server = createTcpServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const credentials = { accessKeyId: 'k', secretAccessKey: 's' };
    for (const scheme of ['http', 'https']) {
      const config = {
        endpoint: `${scheme}://127.0.0.1:${port}`,
        credentials,
        maxAttempts: 2,
        timeouts: { idle: 300, copyIdle: 300 },
      };
      const error = await failure(createS3Store(config, 'buck').get('x'), 'storage-unavailable');
      expect(error.message).toContain(config.endpoint);
      expect(error.hint).toContain('run the same command again');
    }
  });

  test('a proxy that sends its callers on to TLS', async () => {
    const { store, fake } = await storeOf((seen, response) => {
      response.removeHeader('x-amz-request-id');
      response.writeHead(301, { location: `https://s3.example.org${seen.url}` }).end('<html>Moved</html>');
    });
    const error = await failure(store.get('x'), 'config');
    expect(error.message).toBe(`${fake.config.endpoint} sends its callers on to https://s3.example.org.`);
    expect(error.hint).toBe('If that is the S3 service, set S3_ENDPOINT=https://s3.example.org.');
  });
});
