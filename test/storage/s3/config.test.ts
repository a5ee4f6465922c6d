import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { S3Config } from '../../../src/storage/s3/config.js';
import { createS3Store } from '../../../src/storage/s3/s3-store.js';

const store = (endpoint?: string, accessKeyId = 'me', region?: string) =>
  createS3Store({ endpoint, region, credentials: { accessKeyId, secretAccessKey: 'hunter22' } }, 'b');

test.each([
  ['http://minio:9000', 'http://minio:9000'],
  ['http://minio:9000/', 'http://minio:9000'],
  ['HTTP://MinIO:9000//', 'http://minio:9000'],
  ['https://s3.example.com:443/', 'https://s3.example.com'],
  ['http://s3.example.com:80', 'http://s3.example.com'],
  ['https://s3.example.com:80', 'https://s3.example.com:80'],
  ['http://[::1]:9000/', 'http://[::1]:9000'],
  ['https://gateway/Tenant/', 'https://gateway/Tenant'],
  ['http://user:pass@minio:9000', 'http://minio:9000'],
  ['not a url/', 'not a url'],
  ['https://s3.eu-central-1.amazonaws.com', 's3.amazonaws.com'],
  ['https://s3.amazonaws.com/', 's3.amazonaws.com'],
  ['https://s3.cn-north-1.amazonaws.com.cn', 'https://s3.cn-north-1.amazonaws.com.cn'],
  ['https://amazonaws.com.example.org', 'https://amazonaws.com.example.org'],
  [undefined, 's3.amazonaws.com'],
])('the endpoint of %s is %s', (endpoint, name) => {
  expect(store(endpoint).endpoint).toBe(name);
});

test('the endpoint does not change with key and region, the service does', () => {
  const [one, two, there] = [store('http://m'), store('http://m', 'you'), store(undefined, 'me', 'eu-west-1')];
  expect(one.endpoint).toBe(two.endpoint);
  expect(one.service).not.toBe(two.service);
  expect(there.endpoint).toBe(store().endpoint);
  expect(JSON.stringify([one.endpoint, one.service])).not.toMatch(/hunter22|me"/);
});

describe('who at which service', () => {
  const service = (config: S3Config) => createS3Store(config, 'b').service;
  const keys = { accessKeyId: 'me', secretAccessKey: 'hunter22' };
  const endpoint = 'http://minio:9000';

  test('is one for one spelling of an address or another, and whatever the settings of the road to it', () => {
    const one = service({ endpoint, credentials: keys });
    for (const more of [
      { endpoint: 'HTTP://MINIO:9000/' },
      { region: 'eu-west-1' },
      { forcePathStyle: false },
      { authority: undefined },
    ]) {
      expect(service({ endpoint, credentials: { ...keys }, ...more })).toBe(one);
    }
  });

  test('is another for other keys, the same key with another secret, and another token or none', () => {
    const all = [
      { ...keys },
      { ...keys, accessKeyId: 'you' },
      { ...keys, secretAccessKey: 'another' },
      { ...keys, sessionToken: 'one' },
      { ...keys, sessionToken: 'two' },
      undefined,
    ].map((credentials) => service({ endpoint, credentials }));
    expect(new Set(all).size).toBe(all.length);
  });

  test('AWS copies between its regions, but not between its partitions', () => {
    const aws = (region?: string) => service({ credentials: keys, ...(region ? { region } : {}) });
    expect(new Set([aws(), aws('us-east-1'), aws('eu-central-1'), aws('cape-town-1')]).size).toBe(1);
    expect(new Set([aws(), aws('cn-north-1'), aws('us-gov-west-1'), aws('us-iso-east-1'), aws('eusc-de-east-1')]).size).toBe(5);
    expect(aws('cn-north-1')).toBe(aws('cn-northwest-1'));
  });

  test('says nothing of the keys: not even a hash that a guess could be compared with', () => {
    const label = service({ endpoint, credentials: keys });
    for (const text of ['me', 'hunter22', JSON.stringify(['me', 'hunter22', null]), JSON.stringify(['me', 'hunter22'])]) {
      const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
      expect(label).not.toContain(hash);
    }
  });
});
