import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/errors.js';
import { s3Error } from '../../../src/storage/s3/errors.js';
import { createS3Store } from '../../../src/storage/s3/s3-store.js';
import { all, failure } from '../../conformance/storage-parts/tools.js';
import { s3Failure, storeOf } from './fake-server.js';

describe('the service', () => {
  test.each([
    [403, 'AccessDenied', 'storage-auth', /denied to read s3:\/\/buck\/x/],
    [403, 'RequestTimeTooSkewed', 'storage-auth', /clock/],
    [400, 'ExpiredToken', 'storage-auth', /ExpiredToken/],
    [404, 'NoSuchBucket', 'bucket-not-found', /buck does not exist/],
    [404, 'NoSuchKey', 'object-not-found', /s3:\/\/buck\/x/],
    [400, 'SomethingNew', 'unsupported', /SomethingNew/],
    [503, 'SlowDown', 'storage-unavailable', /127\.0\.0\.1/],
    [500, 'InternalError', 'storage-unavailable', /127\.0\.0\.1/],
    [507, 'XMinioStorageFull', 'storage-unavailable', /no room/],
    [507, 'InsufficientStorage', 'storage-unavailable', /no room/],
    [403, 'QuotaExceeded', 'storage-unavailable', /no room/],
    [400, 'XAmzContentChecksumMismatch', 'storage-unavailable', /XAmzContentChecksumMismatch/],
  ])('%i %s is %s', async (status, code, expected, message) => {
    const { store } = await storeOf((_seen, response) => s3Failure(response, status, code));
    const error = await failure(store.get('x'), expected as ErrorCode);
    expect(error.message).toMatch(message);
    expect(error.hint).toBeTruthy();
  });

  test.each([
    [301, 'PermanentRedirect', '<Endpoint>e</Endpoint>', { 'x-amz-bucket-region': 'eu-west-3' }],
    [400, 'AuthorizationHeaderMalformed', '<Region>eu-west-3</Region>', {}],
  ])('%i %s names the right region', async (status, code, more, headers) => {
    const { store } = await storeOf((_seen, response) =>
      s3Failure(response, status, code, more, headers as Record<string, string>),
    );
    const error = await failure(store.get('x'), 'config');
    expect(error.hint).toContain('eu-west-3');
  });

  test('503s end', async () => {
    const { store, fake } = await storeOf(
      (_seen, response, count) => (count < 4 ? s3Failure(response, 503, 'SlowDown') : response.end('x')),
      { maxAttempts: 5 },
    );
    expect((await store.get('x')).size).toBe(1);
    expect(fake.seen.length).toBe(4);
  });

  test('a silent server', async () => {
    const { store, fake } = await storeOf(() => {}, { timeouts: { idle: 300, copyIdle: 400 } });
    for (const call of [
      () => store.get('x'),
      () => store.create('x', Buffer.from('x')),
      () => store.copy({ store, key: 'y', size: 1 }, 'x'),
    ]) {
      const error = await failure(call(), 'storage-unavailable');
      expect(error.message).toContain(fake.config.endpoint);
    }
  });

  test('a silent server does not hold up an interruption', async () => {
    const { store } = await storeOf(() => {});
    const begin = Date.now();
    await failure(store.get('x', { signal: AbortSignal.timeout(100) }), 'interrupted');
    await failure(store.upload('x', Readable.from([Buffer.from('x')]), 1, { signal: AbortSignal.timeout(100) }), 'interrupted');
    expect(Date.now() - begin).toBeLessThan(2000);
  });

  test('nobody listens', async () => {
    const { store, fake } = await storeOf(() => {}, { maxAttempts: 5 });
    await fake.close();
    const begin = Date.now();
    const error = await failure(store.get('x'), 'storage-unavailable');
    expect(error.message).toContain(fake.config.endpoint);
    expect(Date.now() - begin).toBeLessThan(10_000);
  });

  test('a name that does not resolve', async () => {
    const config = {
      endpoint: 'http://no-such-host.invalid',
      credentials: { accessKeyId: 'k', secretAccessKey: 's' },
      maxAttempts: 2,
    };
    const error = await failure(createS3Store(config, 'buck').get('x'), 'storage-unavailable');
    expect(error.message).toContain('no-such-host.invalid');
  });

  test('a bucket whose virtual host does not resolve', async () => {
    const credentials = { accessKeyId: 'k', secretAccessKey: 's' };
    const config = { endpoint: 'http://s3.invalid:9000', credentials, maxAttempts: 1, variables: 'BCN_REPO_S3' };
    const { hint } = await failure(createS3Store({ ...config, forcePathStyle: false }, 'buck').get('x'), 'storage-unavailable');
    expect(hint).toMatch(/^If the hosts of buckets \(buck\.s3\.invalid\) have no address, set BCN_REPO_S3_PATH_STYLE=true\. /);
    const other = await failure(createS3Store(config, 'buck').get('x'), 'storage-unavailable');
    expect(other.hint).not.toContain('PATH_STYLE');
  });

  test.each([
    ['a web page', 200, '<html><body>Hello</body></html>'],
    ['a page that says 404', 404, '<html>Not Found</html>'],
    ['a page that says 502', 502, '<html>Bad Gateway<br></html>'],
    ['garbage', 200, 'garbage'],
  ])('%s is no S3 answer', async (_name, status, body) => {
    const { store } = await storeOf((_seen, response) => {
      response.removeHeader('x-amz-request-id');
      response.writeHead(status, { 'content-type': 'text/html' }).end(body);
    });
    for (const call of [() => store.get('x'), () => store.create('x', Buffer.from('x'))]) {
      await failure(call(), status === 404 ? 'unsupported' : 'storage-unavailable');
    }
    await failure(all(store, ''), status === 404 ? 'unsupported' : 'storage-unavailable');
  });

  test.each(['nonsense', 'http://', 'host:9000'])('%j is no endpoint', async (endpoint) => {
    const config = { endpoint, credentials: { accessKeyId: 'k', secretAccessKey: 's' }, maxAttempts: 1 };
    await failure(createS3Store(config, 'buck').get('x'), 'config');
  });

  test('https to a server that speaks http', async () => {
    const { fake } = await storeOf((_seen, response) => response.end('x'));
    const endpoint = (fake.config.endpoint as string).replace('http:', 'https:');
    const error = await failure(createS3Store({ ...fake.config, endpoint }, 'buck').get('x'), 'config');
    expect(error.hint).toMatch(/http:\/\//);
  });
});

test.each(['ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC', 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'])(
  'a TLS connection that broke under way (%s) is no wrong setting: the same command goes on',
  (code) => {
    const broken = Object.assign(new Error(`ssl3_read_bytes: ${code}`), { code });
    const config = { endpoint: 'https://m', authority: 'PEM' };
    const error = s3Error(broken, { action: 'write', object: 's3://b/k', bucket: 'b' }, config);
    expect(error).toMatchObject({ code: 'storage-unavailable', object: 's3://b/k' });
  },
);
