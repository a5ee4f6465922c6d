import { describe, expect, test } from 'vitest';
import { failure } from '../../conformance/storage-parts/tools.js';
import { type Seen, s3Failure, storeOf } from './fake-server.js';

const isConditional = ({ headers }: Seen) => headers['if-none-match'] !== undefined;

/** A service that refuses If-None-Match like this, and knows one object, `taken`. */
const refusing = (status: number, code: string) =>
  storeOf((seen, response) => {
    if (seen.method === 'PUT' && isConditional(seen)) return s3Failure(response, status, code);
    if (seen.method === 'PUT') return response.writeHead(200, { etag: '"e"' }).end();
    if (seen.url.includes('/taken')) return response.writeHead(200, { etag: '"e"', 'content-length': 1 }).end('x');
    return s3Failure(response, 404, 'NoSuchKey');
  });

describe('a service without conditional writes', () => {
  test('its own look at the key must do', async () => {
    const { store, fake } = await refusing(501, 'NotImplemented');
    await store.create('free', Buffer.from('1'));
    expect(fake.seen.map(({ method, headers }) => `${method} ${headers['if-none-match'] ?? '-'}`)).toEqual([
      'PUT *',
      'GET -',
      'PUT -',
    ]);
    expect((await failure(store.create('taken', Buffer.from('2')), 'object-exists')).object).toBe('s3://buck/taken');
    await store.create('other', Buffer.from('3'));
    // Known by then.
    expect(fake.seen.slice(3).map(({ method, url }) => `${method} ${url.split('?')[0]}`)).toEqual([
      'GET /buck/taken',
      'GET /buck/other',
      'PUT /buck/other',
    ]);
    expect(fake.seen.filter(({ method, body }) => method === 'PUT' && body.toString() === '2')).toEqual([]);
  });

  test('a look that fails writes nothing', async () => {
    const { store, fake } = await storeOf((seen, response) =>
      seen.method === 'PUT' ? s3Failure(response, 501, 'NotImplemented') : s3Failure(response, 403, 'AccessDenied'),
    );
    await failure(store.create('free', Buffer.from('1')), 'storage-auth');
    expect(fake.seen.filter((seen) => seen.method === 'PUT' && !isConditional(seen))).toEqual([]);
  });

  test.each([
    [400, 'InvalidRequest'],
    [400, 'InvalidArgument'],
    [405, 'MethodNotAllowed'],
  ])('%i %s is not taken for one: it may pass, and the next create must be conditional', async (status, code) => {
    const { store, fake } = await refusing(status, code);
    for (let i = 0; i < 2; i++) await failure(store.create('free', Buffer.from('1')), 'unsupported');
    expect(fake.seen.every(isConditional)).toBe(true);
  });

  test('one that cannot write at all says so', async () => {
    const { store, fake } = await storeOf((seen, response) =>
      seen.method === 'PUT' ? s3Failure(response, 501, 'NotImplemented') : s3Failure(response, 404, 'NoSuchKey'),
    );
    await failure(store.create('free', Buffer.from('1')), 'unsupported');
    await failure(store.create('free', Buffer.from('1')), 'unsupported');
    // It was not the header.
    expect(fake.seen.filter(isConditional)).toHaveLength(2);
  });
});
