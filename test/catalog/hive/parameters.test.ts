import { describe, expect, test } from 'vitest';
import { minify, tableParameters } from '../../../src/catalog/hive/parameters.js';
import { tableMetadata } from '../table-metadata.js';

const AT = 's3://b/t/metadata/00001-x.metadata.json';

function parametersOf(changes: Parameters<typeof tableMetadata>[0] = {}, handler?: string): Record<string, string> {
  return Object.fromEntries(tableParameters(tableMetadata(changes), AT, handler));
}

describe('parameters', () => {
  test('are those of Iceberg’s HiveCatalog for an unpartitioned, unsorted table', () => {
    expect(parametersOf()).toEqual({
      'write.format.default': 'parquet',
      uuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1',
      EXTERNAL: 'TRUE',
      table_type: 'ICEBERG',
      metadata_location: AT,
      'snapshot-count': '1',
      'current-snapshot-id': '9223372036854775807',
      'current-snapshot-timestamp-ms': '1763683199123',
      'current-snapshot-summary': '{"total-data-files":"3","total-records":"9007199254740993","total-files-size":"12"}',
      numFiles: '3',
      numRows: '9007199254740993',
      totalSize: '12',
      'current-schema':
        '{"type":"struct","schema-id":1,"fields":[{"id":1,"name":"id","required":true,"type":"long","doc":"the key, with \\"quotes\\" and  two spaces"},{"id":2,"name":"when","required":false,"type":"timestamptz"}]}',
      DO_NOT_UPDATE_STATS: 'true',
    });
  });

  test('of an empty table name no snapshot', () => {
    const keys = Object.keys(parametersOf({ currentSnapshotId: undefined, snapshots: [], currentSummaryJson: undefined }));
    expect(keys.filter((key) => key.startsWith('current-snapshot') || key.startsWith('num'))).toEqual([]);
    expect(parametersOf({ currentSnapshotId: undefined, snapshots: [] })['snapshot-count']).toBe('0');
  });

  test.each([
    ['a v2 spec', '{"spec-id": 7, "fields": [{"name":"d","transform":"day","source-id":2,"field-id":1000}]}', true],
    ['a v1 spec', '[{"name":"d","transform":"day","source-id":2,"field-id":1000}]', true],
    ['only dropped fields', '{"spec-id": 7, "fields": [{"name":"d","transform":"void","source-id":2,"field-id":1000}]}', false],
    ['no field', '{"spec-id": 7, "fields": []}', false],
    ['a v1 spec without fields', '[ ]', false],
  ])('default-partition-spec with %s', (_what, defaultSpecJson, there) => {
    const spec = parametersOf({ defaultSpecJson })['default-partition-spec'];
    expect(spec !== undefined).toBe(there);
    if (spec !== undefined)
      expect(JSON.parse(spec)).toMatchObject({ 'spec-id': expect.any(Number), fields: [{ transform: 'day' }] });
  });

  test('default-sort-order only when sorted, its tokens as they were', () => {
    const json = '{"order-id": 3, "fields": [{"transform":"identity","source-id":2.0,"direction":"asc"}]}';
    expect(parametersOf({ defaultSortOrderJson: json })['default-sort-order']).toBe(
      json.replace(/: |, /g, (each) => each.trim()),
    );
    expect(parametersOf()).not.toHaveProperty('default-sort-order');
    expect(parametersOf({ defaultSortOrderJson: undefined, defaultSpecJson: undefined })).not.toHaveProperty(
      'default-sort-order',
    );
  });

  test('JSON of up to 32,672 characters is kept, longer is left out', () => {
    const schemaOf = (length: number) => {
      const json = '{"type":"struct","fields":[],"x":""}';
      return json.replace('""', `"${'x'.repeat(length - json.length)}"`);
    };
    expect(parametersOf({ currentSchemaJson: schemaOf(32_672) })['current-schema']).toHaveLength(32_672);
    expect(parametersOf({ currentSchemaJson: schemaOf(32_673) })).not.toHaveProperty('current-schema');
  });

  test('gc.enabled becomes external.table.purge, and the entry’s own keys are never overridden', () => {
    const properties = new Map([
      ['gc.enabled', 'false'],
      ['EXTERNAL', 'FALSE'],
      ['external', 'FALSE'],
      ['table_type', 'HUDI'],
      ['metadata_location', 's3://source/other'],
      ['previous_metadata_location', 's3://source/older'],
      ['hive.metastore.table.owner', 'someone'],
      ['storage_handler', 'Evil'],
      ['COLUMN_STATS_ACCURATE', '{}'],
      ['uuid', 'stale'],
      ['numRows', 'stale'],
      ['mine', ''],
    ]);
    const parameters = parametersOf({ properties });
    expect(parameters).toMatchObject({ 'external.table.purge': 'false', EXTERNAL: 'TRUE', table_type: 'ICEBERG', mine: '' });
    expect(parameters).toMatchObject({
      metadata_location: AT,
      uuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1',
      numRows: '9007199254740993',
    });
    for (const gone of ['gc.enabled', 'external', 'previous_metadata_location', 'storage_handler', 'COLUMN_STATS_ACCURATE']) {
      expect(parameters).not.toHaveProperty([gone]);
    }
    expect(parametersOf({}, 'handler').storage_handler).toBe('handler');
  });

  test('summary values that are not text are kept as spelt', () => {
    const currentSummaryJson = '{"operation":"append","total-records":90071992547409931,"ü":"\\u00e9","n":null}';
    const parameters = parametersOf({ currentSummaryJson });
    expect(parameters.numRows).toBe('90071992547409931');
    expect(parameters['current-snapshot-summary']).toBe('{"total-records":"90071992547409931","ü":"é"}');
  });
});

test('minify touches nothing inside strings', () => {
  expect(minify('{ "a b" :\t[ 1.50 , "x\\" , y" ,\r\n "\\\\" , "z  " ] }')).toBe('{"a b":[1.50,"x\\" , y","\\\\","z  "]}');
  expect(minify(`["${'x'.repeat(5_000_000)}" ]`)).toHaveLength(5_000_004);
});
