import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { failure } from '../../conformance/storage-parts/tools.js';
import { storeOf } from './fake-server.js';

describe('reading', () => {
  test('a truncated body is never a short object', async () => {
    const { store, fake } = await storeOf((_seen, response) => {
      response.writeHead(200, { 'content-length': '10', etag: '"e"' });
      response.write('12345');
      setTimeout(() => response.destroy(), 10);
    });
    await failure(buffer(await store.read('x')), 'storage-unavailable');
    // Once more with a Range, which this server ignores.
    expect(fake.seen.length).toBe(2);
    const error = await failure(store.get('x'), 'storage-unavailable');
    expect(error.message).toContain('s3://buck/x');
    expect(fake.seen.length).toBe(5);
  });

  test('a body that breaks off once is asked for again by get', async () => {
    const { store } = await storeOf((_seen, response, count) => {
      response.writeHead(200, { 'content-length': '4' });
      if (count > 1) response.end('good');
      else {
        response.write('go');
        setTimeout(() => response.destroy(), 10);
      }
    });
    expect((await store.get('x')).bytes.toString()).toBe('good');
  });

  test('a body that its checksum contradicts is an error', async () => {
    const { store } = await storeOf((_seen, response) => {
      response.writeHead(200, { 'content-length': '4', 'x-amz-checksum-crc32': 'AAAAAA==' });
      response.end('evil');
    });
    await failure(buffer(await store.read('x')), 'storage-unavailable');
    await failure(store.get('x'), 'storage-unavailable');
  });

  test('a download that falls silent ends', async () => {
    const { store } = await storeOf(
      (_seen, response) => {
        response.writeHead(200, { 'content-length': '10' });
        response.write('12345');
      },
      { timeouts: { idle: 300 } },
    );
    await failure(buffer(await store.read('x')), 'storage-unavailable');
  });

  test('no Date header: refused, since only the store’s clock counts', async () => {
    const { store } = await storeOf((_seen, response) => {
      response.sendDate = false;
      response.end('x');
    });
    await failure(store.get('x'), 'unsupported');
  });
});
