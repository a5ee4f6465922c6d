import { describe, expect, test } from 'vitest';
import { all, failure } from '../../conformance/storage-parts/tools.js';
import { storeOf, xml } from './fake-server.js';

describe('listing', () => {
  test('keys are decoded once, and not at all when the service did not encode them', async () => {
    const page = (encoding: string) =>
      `<ListBucketResult>${encoding}<IsTruncated>false</IsTruncated><Contents><Key>a+b%2Bc%2520%01</Key><Size>3</Size></Contents></ListBucketResult>`;
    const { store } = await storeOf((_seen, response, count) =>
      xml(response, page(count === 1 ? '<EncodingType>url</EncodingType>' : '')),
    );
    expect((await all(store, 'a')).map(({ key }) => key)).toEqual(['a b+c%20\u0001']);
    expect((await all(store, 'a')).map(({ key }) => key)).toEqual(['a+b%2Bc%2520%01']);
  });

  test('empty pages do not end a listing, a page without a way on is an error', async () => {
    const { store, fake } = await storeOf((_seen, response, count) => {
      const more =
        count < 3
          ? `<IsTruncated>true</IsTruncated><NextContinuationToken>t+${count}</NextContinuationToken>`
          : '<Contents><Key>k</Key><Size>1</Size></Contents>';
      xml(response, `<ListBucketResult>${more}</ListBucketResult>`);
    });
    expect((await all(store, '', { startAfter: 'a' })).length).toBe(1);
    expect(fake.seen.map(({ url }) => new URLSearchParams(url.split('?')[1]).get('continuation-token'))).toEqual([
      null,
      't+1',
      't+2',
    ]);
    await fake.close();
    const circle = await storeOf((_seen, response) =>
      xml(
        response,
        '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>',
      ),
    );
    await failure(all(circle.store, ''), 'storage-unavailable');
  });
});
