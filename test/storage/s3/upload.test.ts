import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { BcnError } from '../../../src/errors.js';
import { failure } from '../../conformance/storage-parts/tools.js';
import { s3Failure, storeOf, xml } from './fake-server.js';

const MiB = 1 << 20;

describe('create', () => {
  test('asks for If-None-Match and gives the sha256', async () => {
    const { store, fake } = await storeOf((_seen, response) => response.writeHead(200, { etag: '"e"' }).end());
    await store.create('a b/ü+%', Buffer.from('hi'));
    expect(fake.seen[0]?.url).toMatch(/^\/buck\/a%20b\/%C3%BC%2B%25(\?|$)/);
    expect(fake.seen[0]?.headers).toMatchObject({
      'if-none-match': '*',
      'x-amz-checksum-sha256': 'j0NDRmSPa5bfid2pAcUXaxCm2Dlh3TwayItZstwyeqQ=',
    });
  });

  test('409 is tried again: then it wins, or the key is taken', async () => {
    const won = await storeOf((_seen, response, count) =>
      count < 3 ? s3Failure(response, 409, 'ConditionalRequestConflict') : response.writeHead(200, { etag: '"e"' }).end(),
    );
    await won.store.create('x', Buffer.from('hi'));
    expect(won.fake.seen.length).toBe(3);
    await won.fake.close();
    const lost = await storeOf((_seen, response, count) =>
      s3Failure(response, count < 3 ? 409 : 412, count < 3 ? 'ConditionalRequestConflict' : 'PreconditionFailed'),
    );
    await failure(lost.store.create('x', Buffer.from('hi')), 'object-exists');
  });

  test('409 without end: object-exists when it is there, else unavailable', async () => {
    let exists = true;
    const { store } = await storeOf((seen, response) => {
      if (seen.method === 'PUT') s3Failure(response, 409, 'ConditionalRequestConflict');
      else if (exists) response.end('x');
      else s3Failure(response, 404, 'NoSuchKey');
    });
    await failure(store.create('x', Buffer.from('hi')), 'object-exists');
    exists = false;
    const error = await failure(store.create('x', Buffer.from('hi')), 'storage-unavailable');
    expect(error.retryable).toBe(true);
  }, 30_000);

  test('a service without conditional writes is refused', async () => {
    const { store } = await storeOf((_seen, response) => s3Failure(response, 501, 'NotImplemented'));
    await failure(store.create('x', Buffer.from('hi')), 'unsupported');
  });
});

test('an upload in parts that fails does not wait for a silent source', async () => {
  const { store, fake } = await storeOf((seen, response) => {
    if (seen.url.includes('uploads'))
      xml(response, '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
    else if (seen.method === 'DELETE') response.writeHead(204).end();
    else s3Failure(response, 403, 'AccessDenied');
  });
  const body = new PassThrough();
  body.write(Buffer.alloc(9 * MiB));
  await failure(store.upload('x', body, 20 * MiB), 'storage-auth');
  expect(body.destroyed).toBe(true);
  expect(fake.seen.at(-1)?.method).toBe('DELETE');
});

test('a bucket that locks what comes wants a sum of each part, and gets it from then on', async () => {
  const { store, fake } = await storeOf(({ url, headers }, response) => {
    response.setHeader('ETag', '"e"');
    if (url.includes('uploads'))
      xml(response, '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
    else if (!url.includes('partNumber'))
      xml(response, '<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>');
    else if (headers['content-md5']) response.end();
    else
      s3Failure(
        response,
        400,
        'InvalidRequest',
        '<Message>Content-MD5 OR x-amz-checksum- HTTP header is required for Put Part requests with Object Lock parameters</Message>',
      );
  });
  const bytes = Buffer.alloc(9 * MiB, 'x');
  for (let i = 0; i < 2; i++) await store.upload('k', Readable.from([bytes]), bytes.length);
  const sums = fake.seen.filter(({ url }) => url.includes('partNumber')).map(({ headers }) => headers['content-md5']);
  const expected = [8 * MiB, MiB].map((size) => createHash('md5').update(bytes.subarray(0, size)).digest('base64'));
  expect(sums.slice(-2).sort()).toEqual(expected.sort());
  expect(sums.filter((sum) => sum === undefined).length).toBeLessThanOrEqual(2);
});

test('all uploads together keep to the memory they are given', async () => {
  let [now, most] = [0, 0];
  const { store } = await storeOf(
    (seen, response) => {
      if (seen.url.includes('uploads'))
        return xml(response, '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
      if (seen.method === 'POST')
        return xml(response, '<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>');
      now += seen.body.length;
      most = Math.max(most, now);
      setTimeout(() => {
        now -= seen.body.length;
        response.writeHead(200, { etag: '"p"' }).end();
      }, 20);
    },
    { uploadMemory: 16 * MiB, partSize: 8 * MiB },
  );
  const pieces = (count: number) => Readable.from(Array.from({ length: count }, () => Buffer.alloc(MiB)));
  const sizes = [30, 9, 25, 5, 5, 17];
  await Promise.all(sizes.map((size, index) => store.upload(`k${index}`, pieces(size), size * MiB)));
  expect(most).toBeGreaterThan(8 * MiB);
  expect(most).toBeLessThanOrEqual(16 * MiB);
});

test.each([
  ['the service to begin an upload in parts', 20 * MiB],
  ['room for a small one', MiB],
])('an upload interrupted while it waits for %s, its source not read yet, ends as interrupted', async (_what, size) => {
  const { store } = await storeOf(() => {}, { uploadMemory: MiB });
  // Takes all the memory, and its request gets no answer.
  const end = new AbortController();
  const first = failure(store.upload('first', Readable.from([Buffer.alloc(MiB)]), MiB, { signal: end.signal }), 'interrupted');
  const stop = new AbortController();
  const waiting = failure(store.upload('x', new PassThrough(), size, { signal: stop.signal }), 'interrupted');
  await new Promise((resolve) => setTimeout(resolve, 50));
  stop.abort();
  await waiting;
  end.abort();
  await first;
});

test('an upload that fails while it waits for memory, or with a part half filled, gives back what it held', async () => {
  const { store } = await storeOf(
    (seen, response) => {
      if (seen.url.includes('uploads'))
        xml(response, '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
      else if (seen.method === 'POST')
        xml(response, '<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>');
      else response.writeHead(seen.method === 'DELETE' ? 204 : 200, { etag: '"p"' }).end();
    },
    { uploadMemory: 8 * MiB, partSize: 8 * MiB },
  );
  const silent = new PassThrough();
  silent.write(Buffer.alloc(MiB));
  const holding = failure(store.upload('half', silent, 20 * MiB), 'storage-unavailable');
  const stop = new AbortController();
  const waiting = failure(
    store.upload('waits', Readable.from([Buffer.alloc(9 * MiB)]), 9 * MiB, { signal: stop.signal }),
    'interrupted',
  );
  setTimeout(() => stop.abort(), 50);
  await waiting;
  silent.destroy(new BcnError('storage-unavailable', 'the source broke off'));
  await holding;
  await store.upload('after', Readable.from([Buffer.alloc(9 * MiB)]), 9 * MiB);
});
