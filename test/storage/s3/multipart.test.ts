import { describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../src/storage/port.js';
import { failure } from '../../conformance/storage-parts/tools.js';
import { type fakeS3, s3Failure, storeOf, xml } from './fake-server.js';

const MiB = 1 << 20;

describe('copy in parts', () => {
  const config = { multipartThreshold: 5 * MiB, partSize: 5 * MiB };
  const copy = (store: ObjectStore, signal?: AbortSignal) =>
    store.copy({ store, key: 'from', size: 12 * MiB }, 'to', signal ? { signal } : {});
  const kind = ({ method, url }: { method: string; url: string }) => {
    if (method === 'GET') return 'head';
    if (method === 'DELETE') return 'abort';
    if (url.includes('uploads')) return 'create';
    return method === 'POST' ? 'complete' : `part${new URLSearchParams(url.split('?')[1]).get('partNumber')}`;
  };
  const good: Parameters<typeof fakeS3>[0] = (seen, response, count) => {
    const step = kind(seen);
    if (step === 'head')
      response.writeHead(206, { etag: '"src"', 'content-range': `bytes 0-0/${12 * MiB}`, 'content-length': '1' }).end('x');
    else if (step === 'create')
      xml(response, `<InitiateMultipartUploadResult><UploadId>u${count}</UploadId></InitiateMultipartUploadResult>`);
    else if (step === 'abort') response.writeHead(204).end();
    else if (step === 'complete')
      xml(response, '<CompleteMultipartUploadResult><ETag>"done-3"</ETag></CompleteMultipartUploadResult>');
    else xml(response, `<CopyPartResult><ETag>"${step}"</ETag></CopyPartResult>`);
  };

  test('each part is bound to the ETag of the source', async () => {
    const { store, fake } = await storeOf(good, config);
    expect((await copy(store)).etag).toBe('"done-3"');
    const parts = fake.seen.filter((seen) => kind(seen).startsWith('part'));
    expect(
      parts.map(({ headers }) => [headers['x-amz-copy-source-range'], headers['x-amz-copy-source-if-match']]).sort(),
    ).toEqual([
      ['bytes=0-5242879', '"src"'],
      ['bytes=10485760-12582911', '"src"'],
      ['bytes=5242880-10485759', '"src"'],
    ]);
    const sent = fake.seen.find((seen) => kind(seen) === 'complete')?.body.toString() ?? '';
    expect([...sent.matchAll(/part\d/g)].map(String)).toEqual(['part1', 'part2', 'part3']);
  });

  test('a source that changes in between', async () => {
    const { store, fake } = await storeOf(
      (seen, response, count) =>
        kind(seen) === 'part2' ? s3Failure(response, 412, 'PreconditionFailed') : good(seen, response, count),
      config,
    );
    const error = await failure(copy(store), 'source-changed');
    expect(error.object).toBe('s3://buck/from');
    expect(fake.seen.map(kind).at(-1)).toBe('abort');
  });

  test('an upload that somebody aborts is started over, three times at most', async () => {
    let failures = 1;
    const { store, fake } = await storeOf((seen, response, count) => {
      if (kind(seen) === 'complete' && failures-- > 0) s3Failure(response, 404, 'NoSuchUpload');
      else good(seen, response, count);
    }, config);
    await copy(store);
    expect(fake.seen.filter((seen) => kind(seen) === 'create').length).toBe(2);
    failures = 100;
    await failure(copy(store), 'storage-unavailable');
    expect(fake.seen.filter((seen) => kind(seen) === 'create').length).toBe(5);
  });

  test.each(['create', 'part2', 'complete'])(
    '200 without a result for %s: tried again, then unavailable and aborted',
    async (step) => {
      const { store, fake } = await storeOf(
        (seen, response, count) => (kind(seen) === step ? xml(response, '<Nothing/>') : good(seen, response, count)),
        config,
      );
      await failure(copy(store), 'storage-unavailable');
      if (step === 'create') return;
      expect(fake.seen.filter((seen) => kind(seen) === step).length).toBe(3);
      expect(fake.seen.map(kind).at(-1)).toBe('abort');
    },
  );

  test('interrupted: aborted, no part after it', async () => {
    const stop = new AbortController();
    const { store, fake } = await storeOf((seen, response, count) => {
      if (kind(seen) === 'part3') stop.abort();
      else good(seen, response, count);
    }, config);
    await failure(copy(store, stop.signal), 'interrupted');
    expect(fake.seen.map(kind).at(-1)).toBe('abort');
  });
});
