import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lookAround, type Role, type S3Flags, type Surroundings, s3Settings } from '../../src/config/s3.js';
import { type Env, sourced } from '../../src/config/sourced.js';
import { makeAuthority } from '../lab/tls.mjs';

const NOTHING: Surroundings = { aws: undefined, compose: false, region: undefined };
const COMPOSE_UP: Surroundings = { ...NOTHING, compose: true };

function settings(env: Env, around = NOTHING, flags: S3Flags = {}, role: Role = 'source') {
  const { endpoint, region, keys, used } = s3Settings(role, flags, env, around);
  return {
    endpoint: endpoint && `${endpoint.value} ${endpoint.origin}`,
    region: `${region.value} ${region.origin}`,
    keys: keys && `${keys.value.accessKey} ${keys.value.secretKey.reveal()} ${keys.origin}`,
    used,
  };
}

describe('the compose defaults', () => {
  test('apply when nothing is configured and the endpoint answers', () => {
    expect(settings({}, COMPOSE_UP)).toEqual({
      endpoint: 'http://localhost:9000 compose default',
      region: 'us-east-1 default',
      keys: 'admin password the compose defaults',
      used: 'http://localhost:9000 (compose default), keys of the compose defaults',
    });
  });

  test('do not apply when nothing answers: an EC2 role configures nothing either', () => {
    expect(settings({})).toEqual({
      endpoint: undefined,
      region: 'us-east-1 default',
      keys: undefined,
      used: 'AWS S3 in us-east-1 (default), credentials of the AWS default chain; the compose defaults do not apply: http://localhost:9000 does not answer',
    });
  });

  test('do not apply when AWS is configured, and the reason is said', () => {
    expect(settings({ AWS_PROFILE: 'prod' }, { ...NOTHING, aws: 'AWS_PROFILE' }).used).toContain('AWS_PROFILE is set');
  });

  test('their keys are used for an endpoint that came without keys', () => {
    expect(settings({ S3_ENDPOINT: 'http://minio:9000' }).keys).toBe('admin password the compose defaults');
  });

  test.each([
    ['credentials in the environment', { S3_ENDPOINT: 'http://minio:9000', AWS_ACCESS_KEY_ID: 'AK', AWS_SECRET_ACCESS_KEY: 's' }],
    ['a web identity', { S3_ENDPOINT: 'http://minio:9000', AWS_WEB_IDENTITY_TOKEN_FILE: '/t' }],
    ['an endpoint of AWS', { S3_ENDPOINT: 'https://s3.eu-central-1.amazonaws.com' }],
    ['an endpoint given the AWS way', { AWS_ENDPOINT_URL_S3: 'http://minio:9000' }],
  ])('their keys are not used with %s', (_name, env) => {
    expect(settings(env).keys).toBeUndefined();
  });

  test('their keys are used for a host that only looks like AWS', () => {
    expect(settings({ S3_ENDPOINT: 'http://notamazonaws.com' }).keys).toContain('admin');
  });
});

describe('precedence', () => {
  const env = {
    S3_ENDPOINT: 'http://general:1',
    S3_ACCESS_KEY: 'general',
    S3_SECRET_KEY: 'general-secret',
    BCN_REPO_S3_ENDPOINT: 'http://repo:2',
    BCN_REPO_S3_ACCESS_KEY: 'repo',
    BCN_REPO_S3_SECRET_KEY: 'repo-secret',
    BCN_REPO_S3_REGION: 'repo-1',
    AWS_REGION: 'general-1',
  };

  test('general variables serve every place', () => {
    for (const role of ['source', 'target'] as const) {
      expect(settings(env, NOTHING, {}, role)).toMatchObject({
        endpoint: 'http://general:1 S3_ENDPOINT',
        region: 'general-1 AWS_REGION',
        keys: 'general general-secret S3_ACCESS_KEY',
      });
    }
  });

  test("a place's own variables come first", () => {
    expect(settings(env, NOTHING, {}, 'repo')).toMatchObject({
      endpoint: 'http://repo:2 BCN_REPO_S3_ENDPOINT',
      region: 'repo-1 BCN_REPO_S3_REGION',
      keys: 'repo repo-secret BCN_REPO_S3_ACCESS_KEY',
    });
  });

  test('the repository of copies is a place like the others', () => {
    expect(settings(env, NOTHING, {}, 'to').endpoint).toBe('http://general:1 S3_ENDPOINT');
    const own = { ...env, BCN_TO_S3_ACCESS_KEY: 'k', BCN_TO_S3_SECRET_KEY: 's' };
    expect(settings(own, NOTHING, { toEndpoint: 'http://far:4' }, 'to')).toMatchObject({
      endpoint: 'http://far:4 --to-endpoint',
      keys: 'k s BCN_TO_S3_ACCESS_KEY',
    });
  });

  test('a flag comes before them', () => {
    expect(settings(env, NOTHING, { repoEndpoint: 'http://flag:3' }, 'repo').endpoint).toBe('http://flag:3 --repo-endpoint');
  });

  test('an empty variable counts as unset', () => {
    expect(settings({ S3_ENDPOINT: '', S3_ACCESS_KEY: '', S3_SECRET_KEY: '' }, COMPOSE_UP).endpoint).toContain('compose default');
  });

  test('the region of the AWS config file counts for AWS only', () => {
    const around = { ...NOTHING, region: sourced('eu-west-3', 'profile default') };
    expect(settings({}, around).region).toBe('eu-west-3 profile default');
    expect(settings({ S3_ENDPOINT: 'http://minio:9000' }, around).region).toBe('us-east-1 default');
  });

  test('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is obeyed', () => {
    const env = { AWS_ENDPOINT_URL: 'http://minio:9000', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' };
    expect(settings(env).endpoint).toBeUndefined();
  });
});

describe('regions', () => {
  const AWS_FRANKFURT = 'https://s3.eu-central-1.amazonaws.com';

  test.each<[string, Env, string]>([
    ['S3_REGION comes before the variables of AWS', { S3_REGION: 'a-1', AWS_REGION: 'b-1' }, 'a-1 S3_REGION'],
    ["a place's own comes before it", { S3_REGION: 'a-1', BCN_SOURCE_S3_REGION: 'c-1' }, 'c-1 BCN_SOURCE_S3_REGION'],
    ["another place's does not count", { S3_REGION: 'a-1', BCN_REPO_S3_REGION: 'c-1' }, 'a-1 S3_REGION'],
    ['an empty one is unset', { S3_REGION: '', AWS_DEFAULT_REGION: 'b-1' }, 'b-1 AWS_DEFAULT_REGION'],
    ['an endpoint of AWS names its own', { S3_ENDPOINT: AWS_FRANKFURT, AWS_REGION: 'b-1' }, 'eu-central-1 S3_ENDPOINT'],
    ['but S3_REGION is obeyed', { S3_ENDPOINT: AWS_FRANKFURT, S3_REGION: 'a-1' }, 'a-1 S3_REGION'],
  ])('%s', (_name, env, region) => {
    expect(settings(env).region).toBe(region);
  });

  test('one that somebody chose is part of what is said', () => {
    expect(settings({ S3_ENDPOINT: 'http://minio:9000', S3_REGION: 'eu-central-1' }).used).toBe(
      'http://minio:9000 (S3_ENDPOINT) in eu-central-1 (S3_REGION), keys of the compose defaults',
    );
  });
});

describe('path style', () => {
  const style = (env: Env, role: Role = 'source') => s3Settings(role, {}, env, NOTHING).pathStyle;

  test.each<[boolean, string, Env]>([
    [false, 'on AWS', {}],
    [false, 'at an endpoint of AWS', { S3_ENDPOINT: 'https://s3.eu-central-1.amazonaws.com' }],
    [true, 'elsewhere', { S3_ENDPOINT: 'http://minio:9000' }],
    [true, 'where it is asked for', { S3_PATH_STYLE: 'true' }],
    [false, 'where it is declined', { S3_ENDPOINT: 'http://minio:9000', S3_PATH_STYLE: 'false' }],
    [true, "by a place's own variable", { BCN_SOURCE_S3_PATH_STYLE: 'true', S3_PATH_STYLE: 'false' }],
  ])('is %s %s', (expected, _name, env) => {
    expect(style(env)).toBe(expected);
  });

  test('must be true or false', () => {
    for (const name of ['S3_PATH_STYLE', 'BCN_SOURCE_S3_PATH_STYLE']) {
      expect(() => style({ [name]: 'virtual' })).toThrow(
        expect.objectContaining({ exit: 2, message: `${name} must be true or false, not "virtual"` }),
      );
    }
  });
});

describe('private authorities', () => {
  let dir: string;
  const [first, second] = [makeAuthority('first').cert, makeAuthority('second').cert];
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'bcn-ca-'));
    await writeFile(path.join(dir, 'first.pem'), first);
    await writeFile(path.join(dir, 'second.pem'), second);
  });
  afterAll(() => rm(dir, { recursive: true }));
  const files = (names: Readonly<Record<string, string>>): Env =>
    Object.fromEntries(Object.entries(names).map(([name, file]) => [name, path.join(dir, file)]));

  test.each<[string, Readonly<Record<string, string>>, string, string]>([
    ['S3_CA_FILE', { S3_CA_FILE: 'first.pem', AWS_CA_BUNDLE: 'second.pem' }, first, 'S3_CA_FILE'],
    ['AWS_CA_BUNDLE after it', { AWS_CA_BUNDLE: 'second.pem' }, second, 'AWS_CA_BUNDLE'],
    [
      "a place's own before it",
      { S3_CA_FILE: 'first.pem', BCN_SOURCE_S3_CA_FILE: 'second.pem' },
      second,
      'BCN_SOURCE_S3_CA_FILE',
    ],
  ])('%s', (_name, given, pem, origin) => {
    const { authority, used } = s3Settings('source', {}, files(given), NOTHING);
    expect(authority).toEqual({ value: pem, origin });
    expect(used).toContain(`authority of ${origin}`);
  });

  test('a file that is not there', () => {
    expect(() => settings(files({ BCN_SOURCE_S3_CA_FILE: 'none.pem' }))).toThrow(
      expect.objectContaining({ code: 'config', exit: 2, message: expect.stringContaining('BCN_SOURCE_S3_CA_FILE: ') }),
    );
  });
});

describe('the variables that a hint names', () => {
  const prefix = (env: Env, role: Role, flags: S3Flags = {}) => s3Settings(role, flags, env, NOTHING).prefix;
  const GENERAL = { S3_ENDPOINT: 'http://m', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b', S3_REGION: 'r-1' };

  test('are the general ones, and the own ones of a place that has any', () => {
    expect(prefix(GENERAL, 'repo')).toBe('S3');
    for (const name of ['ENDPOINT', 'REGION', 'PATH_STYLE']) {
      const env = { ...GENERAL, [`BCN_REPO_S3_${name}`]: name === 'ENDPOINT' ? 'http://n' : 'true' };
      expect([prefix(env, 'repo'), prefix(env, 'source')]).toEqual(['BCN_REPO_S3', 'S3']);
    }
    expect(prefix(GENERAL, 'target', { targetEndpoint: 'http://n' })).toBe('BCN_TARGET_S3');
  });
});

describe('refused', () => {
  test.each([
    ['minio:9000', 'S3_ENDPOINT is no http:// or https:// address: "minio:9000"'],
    ['ftp://minio', 'S3_ENDPOINT is no http:// or https:// address: "ftp://minio"'],
    ['http://', 'S3_ENDPOINT is no http:// or https:// address: "http://"'],
    ['http://minio:9000/?x=1', 'S3_ENDPOINT is no http:// or https:// address: "http://minio:9000/?x=1"'],
    ['http://me:hunter22@minio', 'S3_ENDPOINT holds credentials'],
    ['me:hunter22@minio', 'S3_ENDPOINT is no http:// or https:// address: (not shown, since it may hold a password)'],
  ])('endpoint %s', (value, message) => {
    const call = () => settings({ S3_ENDPOINT: value });
    expect(call).toThrow(expect.objectContaining({ code: 'config', exit: 2, message }));
    expect(call).not.toThrow(/hunter22/);
  });

  test.each<[string, Env, S3Flags, string]>([
    ['S3', { S3_ENDPOINT: 'http://me:hunter22@minio' }, {}, 'Give them as S3_ACCESS_KEY and S3_SECRET_KEY.'],
    [
      'a place',
      { BCN_SOURCE_S3_ENDPOINT: 'http://me:pw@minio' },
      {},
      'Give them as BCN_SOURCE_S3_ACCESS_KEY and BCN_SOURCE_S3_SECRET_KEY.',
    ],
    [
      'a flag',
      {},
      { sourceEndpoint: 'http://me:pw@minio' },
      'Give them as BCN_SOURCE_S3_ACCESS_KEY and BCN_SOURCE_S3_SECRET_KEY.',
    ],
  ])('credentials in the endpoint of %s: where they belong', (_name, env, flags, hint) => {
    expect(() => settings(env, NOTHING, flags)).toThrow(expect.objectContaining({ hint }));
  });

  test('half a key pair', () => {
    expect(() => settings({ S3_ACCESS_KEY: 'a' })).toThrow('S3_ACCESS_KEY is set, but S3_SECRET_KEY is not');
    expect(() => settings({ BCN_SOURCE_S3_SECRET_KEY: 'hunter22' })).toThrow(
      /^BCN_SOURCE_S3_SECRET_KEY is set, but BCN_SOURCE_S3_ACCESS_KEY is not$/,
    );
  });

  test('an empty flag', () => {
    expect(() => settings({}, NOTHING, { sourceEndpoint: '' })).toThrow('--source-endpoint is empty');
  });
});

test('what is said about the settings holds no secret', () => {
  const { used } = settings({ S3_ENDPOINT: 'http://minio:9000', S3_ACCESS_KEY: 'AKIAX', S3_SECRET_KEY: 'hunter22' });
  expect(used).toBe('http://minio:9000 (S3_ENDPOINT), keys of S3_ACCESS_KEY');
});

test('the default endpoint is not even tried when something is configured', async () => {
  const HOME = '/nonexistent';
  expect(await lookAround({ HOME, S3_ENDPOINT: 'http://minio:9000' })).toEqual({
    aws: 'S3_ENDPOINT',
    compose: false,
    region: undefined,
  });
  expect(await lookAround({ HOME, AWS_PROFILE: 'prod' })).toEqual({ aws: 'AWS_PROFILE', compose: false, region: undefined });
});

test.each([' eu-1 ', 'eu-1/', 'eu-1\n', 'eu_1', '-eu'])('%j is no region', (region) => {
  expect(() => settings({ S3_ENDPOINT: 'http://m', S3_REGION: region })).toThrow(
    expect.objectContaining({ code: 'config', message: `S3_REGION is no region: ${JSON.stringify(region)}` }),
  );
});
