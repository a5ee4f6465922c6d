import { expect, test } from 'vitest';
import { isAws, regionOfEndpoint } from '../../src/config/aws-endpoint.js';

test.each([
  ['https://s3.eu-central-1.amazonaws.com', 'eu-central-1'],
  ['https://s3-eu-west-1.amazonaws.com/', 'eu-west-1'],
  ['https://s3.dualstack.ap-southeast-2.amazonaws.com', 'ap-southeast-2'],
  ['https://s3-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
  ['https://s3.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
  ['https://bucket.vpce-0a1b-2c3d.s3.eu-west-3.vpce.amazonaws.com', 'eu-west-3'],
  ['https://s3.us-east-1.api.aws', 'us-east-1'],
  ['https://s3.amazonaws.com', undefined],
  ['https://s3-accelerate.amazonaws.com', undefined],
])('%s is of AWS, region %s', (endpoint, region) => {
  expect([isAws(endpoint), regionOfEndpoint(endpoint)]).toEqual([true, region]);
});

test.each([
  'http://minio:9000',
  'https://s3.eu-central-1.example.com',
  'http://notamazonaws.com',
  'https://amazonaws.com.example.org',
])('%s is not', (endpoint) => {
  expect([isAws(endpoint), regionOfEndpoint(endpoint)]).toEqual([false, undefined]);
});
