import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { redactor, Secret } from '../../src/config/secret.js';

test('a secret shows itself to nobody', () => {
  const secret = new Secret('hunter22');
  for (const shown of [`${secret}`, JSON.stringify({ secret }), inspect({ secret }), String(secret), inspect([secret])]) {
    expect(shown).toContain('[secret]');
    expect(shown).not.toContain('hunter22');
  }
  expect(secret.reveal()).toBe('hunter22');
});

test.each([
  'S3_SECRET_KEY',
  'BCN_REPO_S3_SECRET_KEY',
  'BCN_TARGET_S3_SECRET_KEY',
  'S3_SESSION_TOKEN',
  'BCN_REPO_S3_SESSION_TOKEN',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
])('the value of %s is blanked wherever it stands', (name) => {
  expect(redactor({ [name]: 'hun"ter22' })('a hun"ter22 b hun"ter22; {"k":"hun\\"ter22"}')).toBe(
    'a [secret] b [secret]; {"k":"[secret]"}',
  );
});

test('a secret that contains another one is blanked whole', () => {
  expect(redactor({ S3_SECRET_KEY: 'abcdef', AWS_SECRET_ACCESS_KEY: 'xabcdefx' })('xabcdefx abcdef')).toBe('[secret] [secret]');
});

test('ordinary words survive: the public compose password, and values too short to be secrets', () => {
  const text = 'the password of the key is a word';
  expect(redactor({ S3_SECRET_KEY: 'password', AWS_SESSION_TOKEN: 'key' })(text)).toBe(text);
});
