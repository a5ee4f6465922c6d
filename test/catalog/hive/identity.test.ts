import { expect, test } from 'vitest';
import { createHiveCatalog } from '../../../src/catalog/hive/hive-catalog.js';

test('identity and file names', () => {
  const catalog = createHiveCatalog({ uri: 'thrift://h1, thrift://h2:9084' });
  expect(catalog.identity).toBe('hive:thrift://h1:9083,thrift://h2:9084');
  for (const uri of ['thrift://h2:9084,thrift://h1', 'thrift://H1:9083,thrift://h2:9084,thrift://h1']) {
    expect(createHiveCatalog({ uri }).identity).toBe(catalog.identity);
  }
  for (const uri of ['thrift://h1', 'thrift://h1:9084,thrift://h2:9083']) {
    expect(createHiveCatalog({ uri }).identity).not.toBe(catalog.identity);
  }
  expect(catalog.defaultLocation({ namespace: ['db'], name: 't' })).toBeUndefined();
  expect(catalog.metadataFileName(7, 'ab', false)).toBe('00007-ab.metadata.json');
  expect(catalog.metadataFileName(123_456, 'ab', true)).toBe('123456-ab.gz.metadata.json');
});
