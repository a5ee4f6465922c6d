import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { BcnError } from '../../../src/errors.js';
import type { ObjectStore } from '../../../src/storage/port.js';
import type { S3Config } from '../../../src/storage/s3/config.js';
import { createS3Service } from '../../../src/storage/s3/s3-store.js';
import { all, failure } from '../../conformance/storage-parts/tools.js';
import { describeWith } from '../../lab/lab.js';
import { s3Failure, storeOf } from './fake-server.js';
import { credentialsProvider } from './provider.js';
import { freshBucket, labConfig } from './service.js';
import { allow, assumeRole, type Session } from './sts.js';

const MiB = 1 << 20;
const KEYS = { accessKeyId: 'key-id', secretAccessKey: 'hunter22' };
const TEMPORARY = { ...KEYS, sessionToken: 'a-long-session-token' };

/** The error of a GET that is answered like this. */
async function denied(status: number, code: string, config: S3Config = {}): Promise<BcnError> {
  const { store } = await storeOf((_seen, response) => s3Failure(response, status, code), {
    origin: 'keys of somewhere',
    ...config,
  });
  const error = await failure(store.get('x'), 'storage-auth');
  expect(error.hint).toMatch(/ Used: keys of somewhere\.$/);
  expect(JSON.stringify([error.message, error.hint, error.stack])).not.toMatch(/hunter22|a-long-session-token/);
  return error;
}

describe('what the service says of credentials', () => {
  test.each<[string, number, string, S3Config, string]>([
    [
      'an expired token',
      400,
      'ExpiredToken',
      { credentials: TEMPORARY },
      'The session token has expired: get a new one; the same command continues (set S3_ACCESS_KEY, S3_SECRET_KEY and S3_SESSION_TOKEN).',
    ],
    [
      'one of a place whose keys are its own',
      403,
      'ExpiredTokenException',
      { credentials: { ...TEMPORARY, variables: 'BCN_REPO_S3' }, variables: 'BCN_REPO_S3' },
      'set BCN_REPO_S3_ACCESS_KEY, BCN_REPO_S3_SECRET_KEY and BCN_REPO_S3_SESSION_TOKEN',
    ],
    [
      'one of a place that uses the general keys',
      400,
      'TokenRefreshRequired',
      { credentials: { ...TEMPORARY, variables: 'S3' }, variables: 'BCN_REPO_S3' },
      '(set S3_ACCESS_KEY, S3_SECRET_KEY and S3_SESSION_TOKEN)',
    ],
    [
      'a token of other keys',
      400,
      'InvalidToken',
      { credentials: TEMPORARY },
      'The session token does not belong to these keys, or is damaged',
    ],
    ['temporary keys without their token', 403, 'InvalidTokenId', { credentials: KEYS }, 'set S3_SESSION_TOKEN, too'],
    [
      'the same on AWS',
      403,
      'InvalidAccessKeyId',
      { credentials: { ...KEYS, accessKeyId: 'ASIA123' } },
      'These keys are temporary: set S3_SESSION_TOKEN, too.',
    ],
    [
      'temporary keys that are forgotten',
      403,
      'InvalidAccessKeyId',
      { credentials: TEMPORARY },
      'Temporary keys that have expired may be unknown',
    ],
    ['an unknown key', 403, 'InvalidAccessKeyId', { credentials: KEYS }, 'Check these credentials.'],
    ['an unknown key in the words of versitygw', 404, 'XAdminUserNotFound', { credentials: KEYS }, 'Check these credentials.'],
    ['a wrong secret', 403, 'SignatureDoesNotMatch', { credentials: KEYS }, 'Check these credentials.'],
  ])('%s', async (_name, status, code, config, hint) => {
    const error = await denied(status, code, config);
    expect(error.message).toContain(code);
    expect(error.hint).toContain(hint);
  });

  test('an expired token of the default chain is not a matter of variables', async () => {
    await credentialsProvider(() => TEMPORARY);
    const error = await denied(400, 'ExpiredToken', { credentials: undefined });
    expect(error.hint).toMatch(/^The session token has expired: get a new one; the same command continues \(keys of a role/);
    expect(error.hint).not.toContain('S3_SESSION_TOKEN');
  });

  test.each([
    ['no credentials at all', 'none' as const],
    ['credentials that never come', 'silence' as const],
  ])('%s: the variables of the place', async (_name, answer) => {
    await credentialsProvider(() => answer);
    const config = { credentials: undefined, variables: 'BCN_TARGET_S3', maxAttempts: 1, timeouts: { idle: 1500 } };
    const { store, fake } = await storeOf((_seen, response) => response.end(), config);
    const error = await failure(store.get('x'), 'storage-auth');
    expect(error.message).toContain(`No usable credentials for ${fake.config.endpoint}: `);
    expect(error.hint).toContain('Set BCN_TARGET_S3_ACCESS_KEY and BCN_TARGET_S3_SECRET_KEY');
    expect(fake.seen).toEqual([]);
  });
});

test('an interruption does not wait for credentials', async () => {
  await credentialsProvider(() => 'silence');
  const { store } = await storeOf((_seen, response) => response.end(), { credentials: undefined });
  await failure(store.get('x', { signal: AbortSignal.timeout(300) }), 'interrupted');
});

describe('a clock that stays wrong', () => {
  const skewed = async (date: Date) => {
    const { store, fake } = await storeOf((_seen, response) => {
      response.setHeader('date', date.toUTCString());
      s3Failure(response, 403, 'RequestTimeTooSkewed');
    });
    const error = await failure(store.get('x'), 'storage-auth');
    return { error, requests: fake.seen };
  };

  test('of this machine: both times are shown', async () => {
    const { error, requests } = await skewed(new Date('2020-02-03T04:05:06Z'));
    expect(error.message).toMatch(
      /the clock of this machine \(20[^)]+Z\) and that of the service \(2020-02-03T04:05:06Z\) differ/,
    );
    expect(error.hint).toContain('NTP');
    // It was tried again with the time of the service.
    expect(requests.map(({ headers }) => String(headers['x-amz-date']).slice(0, 8))).toEqual([
      expect.not.stringMatching(/^2020/),
      '20200203',
    ]);
  });

  test('behind a front end whose clock is right', async () => {
    const { error } = await skewed(new Date());
    expect(error.hint).toContain('agrees with this machine');
  });
});

describeWith(['s3'], 'what a session may not', (lab) => {
  const config = labConfig(lab);

  /** Two buckets with an object `x` each, seen by a session that lacks these permissions in the second. */
  async function places(...lacking: readonly string[]) {
    const [first, second] = [await freshBucket(lab), await freshBucket(lab)];
    const whole = createS3Service(config);
    for (const bucket of [first, second]) {
      const bytes = Buffer.alloc(6 * MiB);
      await whole.bucket(bucket).upload('x', Readable.from([bytes]), bytes.length);
    }
    const deny = { Effect: 'Deny', Action: lacking, Resource: [`arn:aws:s3:::${second}`, `arn:aws:s3:::${second}/*`] };
    const credentials: Session = await assumeRole(lab.s3, [allow(['s3:*'], first, second), deny]);
    const service = createS3Service({ ...config, credentials, multipartThreshold: 5 * MiB, partSize: 5 * MiB });
    return { first: service.bucket(first), second: service.bucket(second) };
  }

  const big = () => Readable.from([Buffer.alloc(9 * MiB)]);
  type Call = (first: ObjectStore, second: ObjectStore) => Promise<unknown>;

  test.each<[string, string, Call, (first: string, second: string) => string]>([
    ['a read', 's3:GetObject', (_a, b) => b.get('x'), (_a, b) => `s3:GetObject on ${b}/x`],
    ['a write', 's3:PutObject', (_a, b) => b.create('y', Buffer.from('y')), (_a, b) => `s3:PutObject on ${b}/y`],
    ['an upload in parts', 's3:PutObject', (_a, b) => b.upload('y', big(), 9 * MiB), (_a, b) => `s3:PutObject on ${b}/y`],
    ['a listing', 's3:ListBucket', (_a, b) => all(b, ''), (_a, b) => `s3:ListBucket on the bucket ${b.slice(5)}`],
    [
      'a look for unfinished uploads',
      's3:ListBucketMultipartUploads',
      (_a, b) => b.abortUploads('x'),
      (_a, b) => `s3:ListBucketMultipartUploads on the bucket ${b.slice(5)}`,
    ],
    ['a delete', 's3:DeleteObject', (_a, b) => b.delete(['x']), () => 's3:DeleteObject'],
    [
      'a copy whose source it may not read',
      's3:GetObject',
      (a, b) => a.copy({ store: b, key: 'x', size: 1 }, 'y'),
      (a, b) => `s3:GetObject on ${b}/x and s3:PutObject on ${a}/y`,
    ],
    [
      'a copy in parts whose source it may not read',
      's3:GetObject',
      (a, b) => a.copy({ store: b, key: 'x', size: 6 * MiB }, 'y'),
      (_a, b) => `s3:GetObject on ${b}/x`,
    ],
    [
      'a copy in parts to where it may not write',
      's3:PutObject',
      (a, b) => b.copy({ store: a, key: 'x', size: 6 * MiB }, 'y'),
      (_a, b) => `s3:PutObject on ${b}/y`,
    ],
  ])('%s: the permission is named', async (_name, lacking, call, named) => {
    const { first, second } = await places(lacking);
    const error = await failure(call(first, second), 'storage-auth');
    expect(error.hint).toContain(named(first.uri, second.uri));
  });

  test('that a policy of the session may be the reason is said, and that AWS hides missing objects', async () => {
    const { second } = await places('s3:GetObject');
    const { hint } = await failure(second.get('x'), 'storage-auth');
    expect(hint).toContain(', also in the policy of its session. (Without s3:ListBucket, AWS answers the same');
  });

  test('a token that is damaged, or missing', async () => {
    const session = await assumeRole(lab.s3);
    const get = (credentials: Session | Omit<Session, 'sessionToken'>) =>
      failure(
        createS3Service({ ...config, credentials })
          .bucket('warehouse')
          .get('x'),
        'storage-auth',
      );
    expect((await get({ ...session, sessionToken: `${session.sessionToken}x` })).hint).toContain('does not belong to these keys');
    const { sessionToken: _none, ...keys } = session;
    expect((await get(keys)).hint).toContain('set S3_SESSION_TOKEN, too');
  });
});
