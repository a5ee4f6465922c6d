import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hiveTlsSettings } from '../../src/config/hive-tls.js';
import { BcnError } from '../../src/errors.js';
import { makeAuthority } from '../lab/tls.mjs';

const ON = { HIVE_METASTORE_TLS: 'true' };
const authority = makeAuthority('an authority');
const pair = authority.issue(['a.client']);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bcn-hive-tls-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const CA = () => file('ca.pem', `an authority\n${authority.cert}`);
const CERT = () => file('cert.pem', pair.cert);
const KEY = () => file('key.pem', pair.key);

test('without TLS there is nothing', () => {
  expect(hiveTlsSettings({})).toBeUndefined();
  expect(hiveTlsSettings({ HIVE_METASTORE_TLS: 'false' })).toBeUndefined();
  expect(hiveTlsSettings({ HIVE_METASTORE_TLS: 'no', HIVE_METASTORE_TLS_VERIFY: 'false' })).toBeUndefined();
});

test('TLS alone trusts the public authorities', () => {
  expect(hiveTlsSettings(ON)).toEqual({ ca: undefined, pair: undefined, verify: true, used: 'TLS' });
});

test('an authority, a certificate and its key', () => {
  const settings = hiveTlsSettings({
    ...ON,
    HIVE_METASTORE_CA_FILE: CA(),
    HIVE_METASTORE_CERT_FILE: CERT(),
    HIVE_METASTORE_KEY_FILE: KEY(),
  });
  expect(settings?.ca?.trim()).toBe(authority.cert.trim());
  expect(settings?.pair?.cert.trim()).toBe(pair.cert.trim());
  expect(settings?.pair?.key.reveal()).toBe(pair.key);
  expect(settings?.used).toBe('TLS, authority of HIVE_METASTORE_CA_FILE, certificate of HIVE_METASTORE_CERT_FILE');
  expect(inspect(settings, { depth: null }) + JSON.stringify(settings)).not.toContain(pair.key.split('\n')[1]);
});

test('certificate and key may be one file', () => {
  const both = file('both.pem', `${pair.key}${pair.cert}${authority.cert}`);
  const settings = hiveTlsSettings({ ...ON, HIVE_METASTORE_CERT_FILE: both, HIVE_METASTORE_KEY_FILE: both });
  expect(settings?.pair?.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});

test('without verification, it is said so', () => {
  const settings = hiveTlsSettings({ ...ON, HIVE_METASTORE_TLS_VERIFY: 'false' });
  expect(settings).toMatchObject({ verify: false, used: 'TLS, server not verified (HIVE_METASTORE_TLS_VERIFY)' });
});

describe('config errors, before any connection', () => {
  const der = Buffer.from(pair.key.replace(/-----.*-----|\s/g, ''), 'base64');
  const encrypted = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
  }).privateKey;
  const [C, K] = ['HIVE_METASTORE_CERT_FILE', 'HIVE_METASTORE_KEY_FILE'];

  test.each<[string, () => Record<string, string>, RegExp, RegExp]>([
    [
      'a file while TLS is off',
      () => ({ HIVE_METASTORE_CA_FILE: CA() }),
      /CA_FILE is set, but TLS .* off/,
      /HIVE_METASTORE_TLS=true/,
    ],
    [
      'a key while TLS is off',
      () => ({ HIVE_METASTORE_TLS: '0', [K]: KEY() }),
      /KEY_FILE is set, but TLS/,
      /HIVE_METASTORE_TLS=true/,
    ],
    ['neither true nor false', () => ({ HIVE_METASTORE_TLS: 'maybe' }), /HIVE_METASTORE_TLS must be true or false/, /^$/],
    [
      'verification neither true nor false',
      () => ({ ...ON, HIVE_METASTORE_TLS_VERIFY: 'never' }),
      /HIVE_METASTORE_TLS_VERIFY must be true or false/,
      /^$/,
    ],
    [
      'an authority that is not there',
      () => ({ ...ON, HIVE_METASTORE_CA_FILE: '/no/ca' }),
      /CA_FILE: \/no\/ca cannot be read \(ENOENT\)/,
      /authority/,
    ],
    ['a folder as authority', () => ({ ...ON, HIVE_METASTORE_CA_FILE: folder }), /cannot be read \(EISDIR\)/, /PEM file/],
    [
      'an authority that is no PEM',
      () => ({ ...ON, HIVE_METASTORE_CA_FILE: file('x', 'x') }),
      /holds no PEM certificate/,
      /BEGIN CERTIFICATE/,
    ],
    [
      'an authority that is damaged',
      () => ({ ...ON, HIVE_METASTORE_CA_FILE: file('d', authority.cert.replace('MII', 'MIX')) }),
      /certificate 1 of .* is damaged/,
      /again/,
    ],
    [
      'a certificate without its key',
      () => ({ ...ON, [C]: CERT() }),
      /CERT_FILE is set, HIVE_METASTORE_KEY_FILE is not/,
      /set both/,
    ],
    [
      'a key without its certificate',
      () => ({ ...ON, [K]: KEY() }),
      /KEY_FILE is set, HIVE_METASTORE_CERT_FILE is not/,
      /set both/,
    ],
    [
      'a certificate that is not there',
      () => ({ ...ON, [C]: '/no/cert', [K]: KEY() }),
      /CERT_FILE: \/no\/cert cannot be read/,
      /of this client/,
    ],
    [
      'a key that is not there',
      () => ({ ...ON, [C]: CERT(), [K]: '/no/key' }),
      /KEY_FILE: \/no\/key cannot be read \(ENOENT\)/,
      /private key/,
    ],
    [
      'a key that is none',
      () => ({ ...ON, [C]: CERT(), [K]: CERT() }),
      /KEY_FILE: .* holds no PEM private key/,
      /BEGIN PRIVATE KEY/,
    ],
    ['a key in DER', () => ({ ...ON, [C]: CERT(), [K]: file('der', der) }), /holds no PEM private key/, /inform der/],
    ['a key with a passphrase', () => ({ ...ON, [C]: CERT(), [K]: file('enc', encrypted) }), /has a passphrase/, /openssl pkey/],
    [
      'the key of another certificate',
      () => ({ ...ON, [C]: CERT(), [K]: file('other', authority.issue(['b']).key) }),
      /key of HIVE_METASTORE_KEY_FILE does not belong to the certificate of HIVE_METASTORE_CERT_FILE/,
      /first certificate/,
    ],
  ])('%s', (_what, env, message, hint) => {
    const error = failure(env());
    expect(error).toMatchObject({ code: 'config', exit: 2 });
    expect(error.message).toMatch(message);
    expect(error.hint ?? '').toMatch(hint);
    expect(inspect(error, { depth: null })).not.toContain(pair.key.split('\n')[1]);
  });
});

function failure(env: Record<string, string>): BcnError {
  try {
    hiveTlsSettings(env);
  } catch (error) {
    if (error instanceof BcnError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}
