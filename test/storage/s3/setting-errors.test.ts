import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { BcnError } from '../../../src/errors.js';
import type { S3Config } from '../../../src/storage/s3/config.js';
import { createS3Store } from '../../../src/storage/s3/s3-store.js';
import { failure } from '../../conformance/storage-parts/tools.js';
import { makeAuthority } from '../../lab/tls.mjs';
import { resolveHere } from './fake-aws.js';
import { s3Failure, storeOf } from './fake-server.js';

const OWN = { variables: 'BCN_TARGET_S3', maxAttempts: 1 };

describe('certificates', () => {
  const authority = makeAuthority();
  const day = 86_400_000;

  async function refused(names: readonly string[], validity = {}, config: S3Config = {}): Promise<BcnError> {
    const { store } = await storeOf(
      (_seen, response) => response.end('x'),
      { ...OWN, authority: authority.cert, ...config },
      authority.issue(names, validity),
    );
    return failure(store.get('x'), 'config');
  }

  test.each([
    ['whose time is over', { notBefore: Date.now() - 2 * day, notAfter: Date.now() - day }],
    ['whose time has not come', { notBefore: Date.now() + day, notAfter: Date.now() + 2 * day }],
  ])('one %s', async (_name, validity) => {
    const error = await refused(['127.0.0.1'], validity);
    expect(error.message).toMatch(/^No trusted TLS connection to https:\/\/127\.0\.0\.1:\d+: certificate/);
    expect(error.hint).toContain('Check the time of this machine');
  });

  test('one for another name', async () => {
    const error = await refused(['s3.example.org']);
    expect(error.hint).toBe('Use a name in BCN_TARGET_S3_ENDPOINT that its certificate holds.');
  });

  test('one that does not hold the virtual hosts of its buckets', async () => {
    resolveHere('s3.localhost');
    const pair = authority.issue(['s3.localhost']);
    const { fake } = await storeOf((_seen, response) => response.end('x'), {}, pair);
    const endpoint = fake.config.endpoint?.replace('127.0.0.1', 's3.localhost');
    const config = { ...fake.config, ...OWN, endpoint, authority: authority.cert, forcePathStyle: false };
    const error = await failure(createS3Store(config, 'buck').get('x'), 'config');
    expect(error.message).toContain('buck.s3.localhost');
    expect(error.hint).toContain('or set BCN_TARGET_S3_PATH_STYLE=true');
  });
});

describe('answers', () => {
  const said = async (answer: (response: ServerResponse) => void, config: S3Config = {}): Promise<BcnError> => {
    const { store } = await storeOf((_seen, response) => answer(response), { ...OWN, ...config });
    return failure(store.get('x'), 'config');
  };

  test.each([
    [301, 'PermanentRedirect', '<Endpoint>e</Endpoint>', { 'x-amz-bucket-region': 'eu-west-3' }],
    [400, 'AuthorizationHeaderMalformed', '<Region>eu-west-3</Region>', {}],
    [400, 'IllegalLocationConstraintException', '', { 'x-amz-bucket-region': 'eu-west-3' }],
  ])('%i %s: the right region, and the variable for it', async (status, code, more, headers: Record<string, string>) => {
    const error = await said((response) => s3Failure(response, status, code, more, headers), { region: 'us-west-1' });
    expect(error.message).toContain('The bucket of s3://buck/x is not in the region us-west-1 of http://127');
    expect(error.hint).toBe('Its region is eu-west-3: set BCN_TARGET_S3_REGION=eu-west-3.');
  });

  test('a wrong region without the right one', async () => {
    const error = await said((response) => s3Failure(response, 301, 'PermanentRedirect'));
    expect(error.hint).toBe('Set BCN_TARGET_S3_REGION to the region of the bucket, and the endpoint to match.');
  });

  test.each([
    ['a copy', 's3://buck/to', 1],
    ['the source of a copy in parts', 's3://buck/from', 6 << 20],
  ])('a wrong region of %s', async (_name, where, size) => {
    const config = { ...OWN, multipartThreshold: 5 << 20 };
    const { store } = await storeOf((_seen, response) => s3Failure(response, 301, 'PermanentRedirect'), config);
    const error = await failure(store.copy({ store, key: 'from', size }, 'to'), 'config');
    expect(error.message).toContain(`The bucket of ${where} is not in the region`);
  });

  test.each([301, 302, 303, 307, 308])('%i to elsewhere names that place', async (status) => {
    const error = await said((response) => {
      response.removeHeader('x-amz-request-id');
      response.writeHead(status, { location: 'https://s3.example.org/buck/x?token=hunter22' }).end('<html>Moved</html>');
    });
    expect(error.hint).toBe('If that is the S3 service, set BCN_TARGET_S3_ENDPOINT=https://s3.example.org.');
    expect(error.message).not.toContain('hunter22');
  });

  test("MinIO's console", async () => {
    const body = '<Error><Code>AccessDenied</Code><Message>S3 API Requests must be made to API port.</Message></Error>';
    const error = await said((response) => response.writeHead(403, { 'content-type': 'application/xml' }).end(body));
    expect(error.message).toMatch(/^http:\/\/127\.0\.0\.1:\d+ is a console/);
  });
});

test('keys of the default chain with a line break in them are a setting, no bug', async () => {
  const credentials = { accessKeyId: 'a\n', secretAccessKey: 'hunter22' };
  const { store } = await storeOf((_seen, response) => response.end('x'), { maxAttempts: 1, credentials });
  const error = await failure(store.get('x'), 'config');
  expect(error.message).toMatch(/line break/);
  expect(JSON.stringify([error.message, error.hint])).not.toContain('hunter22');
});
