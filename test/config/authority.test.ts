import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAuthority } from '../../src/config/authority.js';
import { sourced } from '../../src/config/sourced.js';
import { makeAuthority } from '../lab/tls.mjs';

const one = makeAuthority('one');
const two = makeAuthority('two');

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'bcn-ca-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function read(content: string | Buffer): Promise<string> {
  const file = path.join(dir, 'ca.pem');
  await writeFile(file, content);
  return readAuthority(sourced(file, 'S3_CA_FILE')).value;
}

test('one certificate, several, with line ends of Windows, among comments and keys', async () => {
  expect(await read(one.cert)).toBe(one.cert);
  expect(await read(one.cert + two.cert)).toBe(one.cert + two.cert);
  expect((await read(one.cert.replaceAll('\n', '\r\n'))).replaceAll('\r', '')).toBe(one.cert);
  const { key } = one.issue(['localhost']);
  expect(await read(`# the authority - ours\n${key}\n${one.cert}trailing words`)).toBe(one.cert);
});

test.each([
  ['an empty file', ''],
  ['a key', one.issue(['localhost']).key],
  ['a DER file', Buffer.from(one.cert.split('\n').slice(1, -2).join(''), 'base64')],
  ['half a certificate', one.cert.slice(0, 300)],
])('%s holds none', async (_name, content) => {
  await expect(read(content)).rejects.toMatchObject({
    code: 'config',
    exit: 2,
    message: expect.stringMatching(/^S3_CA_FILE: .*ca\.pem holds no PEM certificate$/),
  });
});

test('a damaged one among good ones is refused, and counted', async () => {
  const lines = two.cert.split('\n');
  const damaged = [...lines.slice(0, 3), ...lines.slice(4)].join('\n');
  await expect(read(one.cert + damaged)).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining('certificate 2 of'),
  });
});

test('a file that is not there, a folder', () => {
  for (const [file, code] of [
    [path.join(dir, 'none.pem'), 'ENOENT'],
    [dir, 'EISDIR'],
  ] as const) {
    const call = () => readAuthority(sourced(file, 'AWS_CA_BUNDLE'));
    expect(call).toThrow(expect.objectContaining({ code: 'config', message: `AWS_CA_BUNDLE: ${file} cannot be read (${code})` }));
  }
});
