import { describe, expect, test } from 'vitest';
import { type Role, type Surroundings, s3Settings } from '../../src/config/s3.js';
import { keysFromEnv } from '../../src/config/s3-keys.js';
import type { Env } from '../../src/config/sourced.js';

const NOTHING: Surroundings = { aws: undefined, compose: false, region: undefined };
const settings = (env: Env) => s3Settings('source', {}, env, NOTHING);

test('all of a prefix, or nothing', () => {
  const env = { X_ACCESS_KEY: 'a', X_SECRET_KEY: 'b', X_SESSION_TOKEN: 'c' };
  const keys = keysFromEnv('X', env);
  expect(keys).toMatchObject({ origin: 'X_ACCESS_KEY', value: { accessKey: 'a', prefix: 'X' } });
  expect([keys?.value.secretKey.reveal(), keys?.value.sessionToken?.reveal()]).toEqual(['b', 'c']);
  expect(JSON.stringify(keys)).not.toMatch(/"[bc]"/);
  expect(keysFromEnv('Y', env)).toBeUndefined();
});

describe('session tokens', () => {
  const KEYS = { S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b' };
  const REPO = { BCN_REPO_S3_ACCESS_KEY: 'c', BCN_REPO_S3_SECRET_KEY: 'd' };
  const token = (env: Env, role: Role = 'repo') => s3Settings(role, {}, env, NOTHING).keys?.value.sessionToken?.reveal();

  test('a token goes with the keys of its own prefix', () => {
    expect(token({ ...KEYS, S3_SESSION_TOKEN: 't' })).toBe('t');
    expect(token({ ...KEYS, S3_SESSION_TOKEN: 't', ...REPO })).toBeUndefined();
    expect(token({ ...KEYS, ...REPO, BCN_REPO_S3_SESSION_TOKEN: 'u' })).toBe('u');
    expect(token({ ...KEYS, ...REPO, BCN_REPO_S3_SESSION_TOKEN: 'u' }, 'target')).toBeUndefined();
    expect(token({ ...KEYS, S3_SESSION_TOKEN: '' })).toBeUndefined();
  });

  test('it is named, not shown', () => {
    expect(settings({ ...KEYS, S3_SESSION_TOKEN: 'hunter22', S3_ENDPOINT: 'http://m' }).used).toBe(
      'http://m (S3_ENDPOINT), keys of S3_ACCESS_KEY with S3_SESSION_TOKEN',
    );
  });

  test.each<[string, Env]>([
    ['S3', { S3_SESSION_TOKEN: 't' }],
    ['S3', { S3_SESSION_TOKEN: 't', AWS_ACCESS_KEY_ID: 'a' }],
    ['BCN_SOURCE_S3', { ...KEYS, BCN_SOURCE_S3_SESSION_TOKEN: 't' }],
  ])('a token of %s without keys is refused', (prefix, env) => {
    expect(() => settings(env)).toThrow(
      expect.objectContaining({
        code: 'config',
        message: `${prefix}_SESSION_TOKEN is set, but ${prefix}_ACCESS_KEY and ${prefix}_SECRET_KEY are not`,
      }),
    );
  });
});

test.each(['ACCESS_KEY', 'SECRET_KEY', 'SESSION_TOKEN'])('a line break in %s is named, and the value is not shown', (part) => {
  const env = { S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b', S3_SESSION_TOKEN: 'c', [`S3_${part}`]: 'hunter22\n' };
  expect(() => keysFromEnv('S3', env)).toThrow(
    expect.objectContaining({ code: 'config', message: `S3_${part} holds a line break or another control character` }),
  );
});
