import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awsConfigRegion, partitionOf, regionOf } from '../../src/config/aws-region.js';

let HOME: string;
beforeEach(async () => {
  HOME = await mkdtemp(path.join(tmpdir(), 'bcn-aws-'));
  await mkdir(path.join(HOME, '.aws'));
});
afterEach(() => rm(HOME, { recursive: true }));

test('the region of the profile in use', async () => {
  await writeFile(
    path.join(HOME, '.aws/config'),
    '[default]\nregion = eu-west-1\n[profile prod]\noutput = json\nregion=us-west-2 # far\n',
  );
  expect(await awsConfigRegion({ HOME })).toEqual({ value: 'eu-west-1', origin: 'profile default' });
  expect(await awsConfigRegion({ HOME, AWS_PROFILE: 'prod' })).toEqual({ value: 'us-west-2', origin: 'profile prod' });
  expect(await awsConfigRegion({ HOME, AWS_PROFILE: 'none' })).toBeUndefined();
  expect(await awsConfigRegion({ HOME: '/nonexistent' })).toBeUndefined();
});

test('a section of another name, or nested settings, do not count', () => {
  expect(regionOf('[profile prod2]\nregion = a\n[prod]\ns3 =\n  region = b\n', 'prod')).toBeUndefined();
  expect(regionOf('[profile "my prod"]\r\nregion = c\r\n', 'my prod')).toBe('c');
});

test.each([
  ['eu-central-1', 'aws'],
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['us-iso-east-1', 'aws-iso'],
  ['us-isob-east-1', 'aws-iso-b'],
  ['eu-isoe-west-1', 'aws-iso-e'],
  ['eusc-de-east-1', 'aws-eusc'],
])('ARNs of %s begin with %s', (region, partition) => {
  expect(partitionOf(region)).toBe(partition);
});
