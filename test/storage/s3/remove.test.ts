import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/errors.js';
import { all, failure } from '../../conformance/storage-parts/tools.js';
import { s3Failure, storeOf, xml } from './fake-server.js';

describe('deleting', () => {
  test.each([
    ['AccessDenied', 'storage-auth'],
    ['InternalError', 'storage-unavailable'],
  ])('a delete that fails for one key with %s', async (code, expected) => {
    const { store } = await storeOf((_seen, response) =>
      xml(response, `<DeleteResult><Error><Key>b</Key><Code>${code}</Code><Message>m</Message></Error></DeleteResult>`),
    );
    const error = await failure(store.delete(['a', 'b']), expected as ErrorCode);
    expect(error.object).toBe('s3://buck/b');
  });

  test('a key or prefix that the service cannot hold: nothing there, nothing to delete', async () => {
    const { store } = await storeOf((seen, response) => {
      if (seen.method !== 'POST') s3Failure(response, 400, 'XMinioInvalidObjectName');
      else xml(response, '<DeleteResult><Error><Key>a//b</Key><Code>XMinioInvalidObjectName</Code></Error></DeleteResult>');
    });
    await store.delete(['a//b', 'x/../\u0001']);
    expect(await all(store, 'a//')).toEqual([]);
    await failure(store.get('a//b'), 'object-not-found');
    await failure(store.create('a//b', Buffer.from('x')), 'name-conflict');
    await failure(store.copy({ store, key: 'a', size: 1 }, 'a//b'), 'name-conflict');
  });

  test('a service without bulk delete gets single ones', async () => {
    const { store, fake } = await storeOf((seen, response) =>
      seen.method === 'POST' ? s3Failure(response, 501, 'NotImplemented') : response.writeHead(204).end(),
    );
    await store.delete(['a', 'b']);
    await store.delete(['c']);
    expect(
      fake.seen
        .map(({ method, url }) => `${method} ${url.split('?')[0]}`)
        .filter((r) => r.startsWith('DELETE'))
        .sort(),
    ).toEqual(['DELETE /buck/a', 'DELETE /buck/b', 'DELETE /buck/c']);
    expect(fake.seen.filter(({ method }) => method === 'POST').length).toBe(1);
  });
});
