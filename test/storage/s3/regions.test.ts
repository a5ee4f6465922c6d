import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createS3Service, createS3Store } from '../../../src/storage/s3/s3-store.js';
import { failure } from '../../conformance/storage-parts/tools.js';
import { type AwsRequest, fakeAws } from './fake-aws.js';
import { s3Failure, storeOf, xml } from './fake-server.js';
import { credentialsProvider } from './provider.js';

/** Enough of S3 for what is asked here. */
function service({ method, url, headers }: AwsRequest, response: ServerResponse): void {
  const document = documentFor(method, url, headers['x-amz-copy-source'] !== undefined);
  if (document !== undefined) {
    xml(response, document);
    return;
  }
  response.setHeader('etag', '"e"');
  if (headers.range) response.writeHead(206, { 'content-range': `bytes 0-0/${12 << 20}` });
  response.end(method === 'GET' ? 'x' : '');
}

function documentFor(method: string, url: string, copy: boolean): string | undefined {
  if (url.includes('uploads')) return '<R><UploadId>id</UploadId></R>';
  if (url.includes('partNumber')) return '<CopyPartResult><ETag>"p"</ETag></CopyPartResult>';
  if (method === 'POST') return '<CompleteMultipartUploadResult><ETag>"m"</ETag></CompleteMultipartUploadResult>';
  return copy ? '<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>' : undefined;
}

const places = (asked: readonly AwsRequest[]) => asked.map(({ bucket, region, signed }) => `${bucket} ${region} ${signed}`);

describe('on AWS', () => {
  test.each([
    ['a redirect', undefined],
    [
      'a refused signature',
      (right: string, response: ServerResponse) =>
        s3Failure(response, 400, 'AuthorizationHeaderMalformed', `<Region>${right}</Region>`),
    ],
    [
      'a temporary redirect',
      (right: string, response: ServerResponse) =>
        s3Failure(response, 307, 'TemporaryRedirect', '', { 'x-amz-bucket-region': right }),
    ],
  ])('a bucket of another region is found by %s, once', async (_name, wrong) => {
    const { config, asked } = await fakeAws({ buck: 'eu-central-1', home: 'us-east-1' }, service, wrong);
    const aws = createS3Service(config);
    expect((await aws.bucket('buck').get('x')).size).toBe(1);
    await aws.bucket('buck').create('y', Buffer.from('content'));
    await aws.bucket('home').get('x');
    expect(places(asked)).toEqual([
      'buck us-east-1 us-east-1',
      'buck eu-central-1 eu-central-1',
      'buck eu-central-1 eu-central-1',
      'home us-east-1 us-east-1',
    ]);
  });

  test('what is written arrives whole after a redirect', async () => {
    const { config, asked } = await fakeAws({ buck: 'eu-central-1' }, service);
    await createS3Store(config, 'buck').create('y', Buffer.from('content'));
    const last = asked.at(-1);
    expect(last).toMatchObject({ region: 'eu-central-1', headers: { 'if-none-match': '*' } });
    expect(last?.body.toString()).toBe('content');
  });

  test('an explicit region is where requests begin; a bucket elsewhere is found all the same', async () => {
    const { config, asked } = await fakeAws({ buck: 'us-east-1', there: 'eu-west-1' }, service);
    await createS3Store({ ...config, region: 'eu-west-1' }, 'there').get('x');
    await createS3Store({ ...config, region: 'eu-west-1' }, 'buck').get('x');
    expect(places(asked)).toEqual(['there eu-west-1 eu-west-1', 'buck eu-west-1 eu-west-1', 'buck us-east-1 us-east-1']);
  });

  test('copies between the buckets of two regions go to that of the target', async () => {
    const { config, asked } = await fakeAws({ from: 'eu-west-1', to: 'eu-central-1' }, service);
    const source = createS3Store({ ...config, region: 'eu-west-1' }, 'from');
    const target = createS3Store({ ...config, region: 'eu-central-1' }, 'to');
    expect(source.service).toBe(target.service);
    await target.copy({ store: source, key: 'a', size: 3 }, 'b');
    expect(places(asked)).toEqual(['to eu-central-1 eu-central-1']);
    expect(asked[0]?.headers['x-amz-copy-source']).toBe('from/a');
  });

  test('so do those in parts; only the ETag of the source is asked of its own region', async () => {
    const { config, asked } = await fakeAws({ from: 'eu-west-1', to: 'eu-central-1' }, service);
    const parts = { ...config, multipartThreshold: 5 << 20, partSize: 6 << 20 };
    const source = createS3Store({ ...parts, region: 'eu-west-1' }, 'from');
    await createS3Store({ ...parts, region: 'eu-central-1' }, 'to').copy({ store: source, key: 'a', size: 12 << 20 }, 'b');
    expect(places(asked.slice(0, 2))).toEqual(['from eu-central-1 eu-central-1', 'from eu-west-1 eu-west-1']);
    expect(new Set(places(asked.slice(2)))).toEqual(new Set(['to eu-central-1 eu-central-1']));
    expect(asked.filter(({ headers }) => headers['x-amz-copy-source-range'])).toHaveLength(2);
  });

  test('regions that send each other round end with an explanation', async () => {
    let count = 0;
    const { config, asked } = await fakeAws({ buck: 'nowhere-1', a: 'eu-west-1', b: 'us-west-2' }, service, (_right, response) =>
      s3Failure(response, 301, 'PermanentRedirect', '', { 'x-amz-bucket-region': count++ % 2 ? 'us-west-2' : 'eu-west-1' }),
    );
    const error = await failure(createS3Store({ ...config, maxAttempts: 1 }, 'buck').get('x'), 'config');
    expect(error.message).toContain('The bucket of s3://buck/x is not in the region us-east-1');
    expect(places(asked)).toEqual(['buck us-east-1 us-east-1', 'buck eu-west-1 eu-west-1']);
  });

  test('a region that is no name is not followed', async () => {
    const { config, asked } = await fakeAws({ buck: 'eu-west-1' }, service, (_right, response) =>
      s3Failure(response, 301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'evil.example/' }),
    );
    await failure(createS3Store(config, 'buck').get('x'), 'config');
    expect(asked).toHaveLength(1);
  });

  test('credentials of a provider are asked for once, for all regions', async () => {
    const issued = { accessKeyId: 'role', secretAccessKey: 's', sessionToken: 'tok' };
    const provider = await credentialsProvider(() => issued);
    const { config, asked } = await fakeAws({ buck: 'eu-central-1', to: 'us-east-1' }, service);
    const aws = createS3Service({ ...config, credentials: undefined });
    await aws.bucket('buck').get('x');
    await aws.bucket('to').copy({ store: aws.bucket('buck'), key: 'x', size: 1 }, 'y');
    expect(provider.asked()).toBe(1);
    expect(new Set(asked.map(({ headers }) => headers['x-amz-security-token']))).toEqual(new Set(['tok']));
  });
});

test('at an endpoint of its own a wrong region is explained, not followed', async () => {
  const { store, fake } = await storeOf(
    (_seen, response) => s3Failure(response, 301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'eu-west-3' }),
    { variables: 'BCN_REPO_S3' },
  );
  const error = await failure(store.get('x'), 'config');
  expect(error.hint).toBe('Its region is eu-west-3: set BCN_REPO_S3_REGION=eu-west-3.');
  expect(fake.seen).toHaveLength(1);
});
