import { describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../src/storage/port.js';
import { failure } from '../../conformance/storage-parts/tools.js';
import { s3Failure, storeOf, xml } from './fake-server.js';

const COPIED = '<CopyObjectResult><ETag>"e"</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></CopyObjectResult>';

describe('copy', () => {
  const copy = (store: ObjectStore, key = 'from', size = 3) => store.copy({ store, key, size }, 'to');

  test('the source is encoded exactly once, headers and tags are not copied', async () => {
    const { store, fake } = await storeOf((_seen, response) => xml(response, COPIED));
    await copy(store, "a b/c%20d/é+!'()*/#?&=:\u{1F600}//x");
    expect(fake.seen[0]?.headers).toMatchObject({
      'x-amz-copy-source': 'buck/a%20b/c%2520d/%C3%A9%2B%21%27%28%29%2A/%23%3F%26%3D%3A%F0%9F%98%80//x',
      'x-amz-metadata-directive': 'REPLACE',
      'x-amz-tagging-directive': 'REPLACE',
      'x-amz-checksum-algorithm': 'SHA256',
    });
  });

  test.each([
    ['an error document', '<Error><Code>InternalError</Code><Message>m</Message></Error>'],
    ['an error document with a line end', '<Error><Code>InternalError</Code><Message>m</Message></Error>\n'],
    ['a result without an ETag', '<CopyObjectResult></CopyObjectResult>'],
    ['another document', '<html></html>'],
  ])('200 with %s is a failure, and tried again', async (_name, body) => {
    const { store, fake } = await storeOf((_seen, response) => xml(response, body));
    await failure(copy(store), 'storage-unavailable');
    expect(fake.seen.length).toBeGreaterThan(1);
    await fake.close();
    const once = await storeOf((_seen, response, count) => xml(response, count === 1 ? body : COPIED));
    expect((await copy(once.store)).etag).toBe('"e"');
  });

  test('200 with an empty body is a failure', async () => {
    const { store } = await storeOf((_seen, response) => response.end());
    await failure(copy(store), 'storage-unavailable');
  });

  test('a refused checksum algorithm is left out, and remembered', async () => {
    const { store, fake } = await storeOf((seen, response) =>
      seen.headers['x-amz-checksum-algorithm'] ? s3Failure(response, 400, 'InvalidArgument') : xml(response, COPIED),
    );
    expect((await copy(store)).sum).toBeUndefined();
    await copy(store);
    expect(fake.seen.map(({ headers }) => headers['x-amz-checksum-algorithm'])).toEqual(['SHA256', undefined, undefined]);
  });

  test('another 400 is not taken for a refusal of the algorithm', async () => {
    const { store, fake } = await storeOf((_seen, response, count) =>
      count <= 2 ? s3Failure(response, 400, 'InvalidArgument') : xml(response, COPIED),
    );
    await failure(copy(store), 'unsupported');
    await copy(store);
    expect(fake.seen[2]?.headers['x-amz-checksum-algorithm']).toBe('SHA256');
  });

  test.each([
    ['in the document', '<ChecksumSHA256>j0NDRmSPa5bfid2pAcUXaxCm2Dlh3TwayItZstwyeqQ=</ChecksumSHA256>', {}],
    ['in the headers', '', { 'x-amz-checksum-sha256': 'j0NDRmSPa5bfid2pAcUXaxCm2Dlh3TwayItZstwyeqQ=' }],
  ])('the checksum %s', async (_name, element, headers) => {
    const { store } = await storeOf((_seen, response) => xml(response, COPIED.replace('<Last', `${element}<Last`), headers));
    expect((await copy(store)).sum).toEqual({
      alg: 'sha256',
      value: 'j0NDRmSPa5bfid2pAcUXaxCm2Dlh3TwayItZstwyeqQ=',
      kind: 'full',
    });
  });

  test('an archived source', async () => {
    const { store } = await storeOf((_seen, response) => s3Failure(response, 403, 'InvalidObjectState'));
    for (const call of [() => copy(store), () => store.get('from')]) {
      const error = await failure(call(), 'object-archived');
      expect(error.object).toBe('s3://buck/from');
      expect(error.hint).toMatch(/[Rr]estore/);
    }
  });
});
