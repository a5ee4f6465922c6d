import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awsConfigured, awsCredentialsInEnv } from '../../src/config/aws.js';

let HOME: string;
beforeEach(async () => {
  HOME = await mkdtemp(path.join(tmpdir(), 'bcn-aws-'));
});
afterEach(() => rm(HOME, { recursive: true }));

async function awsFile(name: string, text: string): Promise<void> {
  await mkdir(path.join(HOME, '.aws'), { recursive: true });
  await writeFile(path.join(HOME, '.aws', name), text);
}

test('a bare machine has nothing of AWS', async () => {
  expect(await awsConfigured({ HOME })).toBeUndefined();
  expect(await awsConfigured({ HOME, AWS_REGION: 'eu-west-1' })).toBeUndefined();
});

test.each(['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_ROLE_ARN', 'AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_ENDPOINT_URL_S3'])(
  '%s counts',
  async (name) => {
    expect(await awsConfigured({ HOME, [name]: 'x' })).toBe(name);
  },
);

test.each(['credentials', 'config'])('~/.aws/%s counts', async (name) => {
  await awsFile(name, '');
  expect(await awsConfigured({ HOME })).toBe(`~/.aws/${name}`);
});

test('an endpoint is no credential', () => {
  expect(awsCredentialsInEnv({ AWS_ENDPOINT_URL: 'http://x' })).toBeUndefined();
  expect(awsCredentialsInEnv({ AWS_WEB_IDENTITY_TOKEN_FILE: '/t' })).toBe('AWS_WEB_IDENTITY_TOKEN_FILE');
});
