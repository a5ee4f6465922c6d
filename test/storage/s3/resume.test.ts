import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { failure } from '../../conformance/storage-parts/tools.js';
import { type Seen, s3Failure, storeOf } from './fake-server.js';

const bytes = randomBytes(300_000);

/** Serves the object, also by range, and breaks off each answer after so many bytes. */
function serve(seen: Seen, response: ServerResponse, after: number, etag = '"e"'): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(seen.headers.range ?? '');
  const from = Number(range?.[1] ?? 0);
  const to = Math.min(bytes.length, Number(range?.[2] ?? Number.POSITIVE_INFINITY) + 1);
  const match = seen.headers['if-match'];
  if (match !== undefined && match !== etag) {
    s3Failure(response, 412, 'PreconditionFailed');
    return;
  }
  const part = bytes.subarray(from, to);
  response.writeHead(range ? 206 : 200, {
    'content-length': String(part.length),
    etag,
    ...(range ? { 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` } : {}),
  });
  response.write(part.subarray(0, after));
  if (after >= part.length) response.end();
  else setTimeout(() => response.destroy(), 10);
}

test('a download that breaks off again and again is continued, and every byte comes once', async () => {
  const { store, fake } = await storeOf((seen, response) => serve(seen, response, 70_000));
  expect((await buffer(await store.read('x'))).equals(bytes)).toBe(true);
  expect(fake.seen.length).toBeGreaterThan(4);
  expect(fake.seen[1]?.headers['if-match']).toBe('"e"');
});

test('tries that bring nothing end', async () => {
  const { store, fake } = await storeOf((seen, response, count) => serve(seen, response, count === 1 ? 50_000 : 0));
  const error = await failure(buffer(await store.read('x')), 'storage-unavailable');
  expect(error.message).toContain('s3://buck/x');
  expect(fake.seen.length).toBeLessThan(10);
});

test('an object that was replaced meanwhile is never mixed with its successor', async () => {
  const { store } = await storeOf((seen, response, count) => serve(seen, response, 70_000, count === 1 ? '"e"' : '"f"'));
  await failure(buffer(await store.read('x')), 'source-changed');
});

test('an object that is gone meanwhile is not found', async () => {
  const { store } = await storeOf((seen, response, count) =>
    count === 1 ? serve(seen, response, 70_000) : s3Failure(response, 404, 'NoSuchKey'),
  );
  await failure(buffer(await store.read('x')), 'object-not-found');
});

test('another range than the one asked for is not taken', async () => {
  const { store } = await storeOf((seen, response, count) => {
    if (count === 1) return serve(seen, response, 70_000);
    response.writeHead(206, { etag: '"e"', 'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}` });
    response.end(bytes);
  });
  await failure(buffer(await store.read('x')), 'storage-unavailable');
});

test('an interrupted download is not continued', async () => {
  const stop = new AbortController();
  const { store, fake } = await storeOf((seen, response) => serve(seen, response, 70_000));
  const stream = await store.read('x', { signal: stop.signal });
  stream.once('data', () => stop.abort());
  await failure(buffer(stream), 'interrupted');
  const asked = fake.seen.length;
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(fake.seen.length).toBe(asked);
});

test('a reader that stops ends the download, also while the service is silent', async () => {
  let closed = 0;
  const { store } = await storeOf((_seen, response) => {
    response.writeHead(200, { 'content-length': '1000', etag: '"e"' });
    response.write('12345');
    response.once('close', () => closed++);
  });
  const stream = await store.read('x');
  await new Promise((resolve) => stream.once('data', resolve));
  stream.destroy();
  await expect.poll(() => closed).toBe(1);
});

const checksum = (() => {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes) >>> 0);
  return sum.toString('base64');
})();

test('a download that was continued is held against the checksum of the whole object', async () => {
  const { store } = await storeOf((seen, response) => {
    if (!seen.headers.range) response.setHeader('x-amz-checksum-crc32', checksum);
    serve(seen, response, 70_000);
  });
  expect((await buffer(await store.read('x'))).equals(bytes)).toBe(true);

  const { store: other } = await storeOf((seen, response) => {
    if (!seen.headers.range) response.setHeader('x-amz-checksum-crc32', Buffer.from('evil').toString('base64'));
    serve(seen, response, 70_000);
  });
  const error = await failure(buffer(await other.read('x')), 'storage-unavailable');
  expect(error.message).toMatch(/s3:\/\/buck\/x .*checksum/i);
});

test('bytes that all came but contradict their checksum are no reason to ask for the rest', async () => {
  const { store, fake } = await storeOf((_seen, response) => {
    response.writeHead(200, { 'content-length': '4', etag: '"e"', 'x-amz-checksum-crc32': 'AAAAAA==' });
    response.end('evil');
  });
  const error = await failure(buffer(await store.read('x')), 'storage-unavailable');
  expect(error.message).toMatch(/checksum/i);
  expect(fake.seen.length).toBe(1);
});

describe('a range', () => {
  const range = { start: 20_000, end: 220_000 };
  const part = bytes.subarray(range.start, range.end);

  test('that breaks off is continued in itself, while the object is the same', async () => {
    const { store, fake } = await storeOf((seen, response) => serve(seen, response, 70_000));
    expect((await buffer(await store.read('x', { range }))).equals(part)).toBe(true);
    expect(fake.seen[0]?.headers).toMatchObject({ range: 'bytes=20000-219999' });
    expect(fake.seen[0]?.headers['if-match']).toBeUndefined();
    expect(fake.seen.length).toBeGreaterThan(2);
    for (const { headers } of fake.seen.slice(1)) {
      expect(headers['if-match']).toBe('"e"');
      expect(headers.range).toMatch(/^bytes=(9|16)0000-219999$/);
    }
  });

  test('over the end of the object is continued up to there', async () => {
    const { store, fake } = await storeOf((seen, response) => serve(seen, response, 70_000));
    const over = { start: 200_000, end: 1_000_000 };
    expect((await buffer(await store.read('x', { range: over }))).equals(bytes.subarray(200_000))).toBe(true);
    expect(fake.seen.at(-1)?.headers.range).toMatch(/-299999$/);
  });

  test('of an object that was replaced meanwhile is never mixed with its successor', async () => {
    const { store } = await storeOf((seen, response, count) => serve(seen, response, 70_000, count === 1 ? '"e"' : '"f"'));
    await failure(buffer(await store.read('x', { range })), 'source-changed');
  });

  test('of an object that became shorter meanwhile', async () => {
    const { store } = await storeOf((seen, response, count) =>
      count === 1 ? serve(seen, response, 70_000) : s3Failure(response, 416, 'InvalidRange'),
    );
    await failure(buffer(await store.read('x', { range })), 'source-changed');
  });

  test.each([
    ['the whole object', 200, undefined, bytes],
    ['no range', 206, undefined, part],
    ['another beginning', 206, `bytes 0-199999/${bytes.length}`, bytes.subarray(0, 200_000)],
    ['fewer bytes than there are', 206, `bytes 20000-20009/${bytes.length}`, part.subarray(0, 10)],
    ['more bytes than asked for', 206, `bytes 20000-220000/${bytes.length}`, bytes.subarray(20_000, 220_001)],
    ['garbage', 206, 'bytes x-y/z', part],
  ])('that is answered with %s is not taken', async (_name, status, contentRange, body) => {
    const { store, fake } = await storeOf((_seen, response) => {
      response.writeHead(status, {
        ...{ etag: '"e"', 'content-length': String(body.length) },
        ...(contentRange === undefined ? {} : { 'content-range': contentRange }),
      });
      response.end(body);
    });
    const error = await failure(store.read('x', { range }), 'unsupported');
    expect(error.object).toBe('s3://buck/x');
    expect(fake.seen.length).toBe(1);
  });

  test('is not held against the checksum of the whole object, with which some services answer (Ceph before 2025)', async () => {
    const { store } = await storeOf((seen, response) => {
      response.setHeader('x-amz-checksum-crc32', checksum);
      serve(seen, response, 70_000);
    });
    expect((await buffer(await store.read('x', { range }))).equals(part)).toBe(true);
    expect((await buffer(await store.read('x'))).equals(bytes)).toBe(true);
  });
});
