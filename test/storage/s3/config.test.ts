import { expect, test } from 'vitest';
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
