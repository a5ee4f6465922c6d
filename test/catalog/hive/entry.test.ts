import { expect, test } from 'vitest';
import { readEntry } from '../../../src/catalog/hive/entry.js';
import { fields, struct, text, textMap } from '../../../src/catalog/hive/fields.js';
import { decodeStruct } from '../../../src/catalog/hive/struct.js';

const IDENT = { namespace: ['db'], name: 't' };
const DATABASE = fields([[3, text('s3a://b/db.db')]]);

function table(type: string | undefined, parameters: Record<string, string>) {
  return fields([
    [3, text('émile')],
    [7, struct(fields([[2, text('s3://b/t')]]))],
    [9, textMap(Object.entries(parameters))],
    [12, type === undefined ? undefined : text(type)],
    [99, text('newer')],
  ]);
}

test.each(['ICEBERG', 'iceberg', 'Iceberg'])('table_type %s is an Iceberg table, kept whole', (format) => {
  const source = table('EXTERNAL_TABLE', { table_type: format, metadata_location: 's3://b/m.json' });
  const { metadataLocation, raw } = readEntry(IDENT, source, DATABASE);
  expect(metadataLocation).toBe('s3://b/m.json');
  expect(decodeStruct(Buffer.from(raw.table as string, 'base64'))).toEqual(source);
  expect(decodeStruct(Buffer.from(raw.database as string, 'base64'))).toEqual(DATABASE);
  expect(raw.summary).toEqual({
    owner: 'émile',
    ownerType: undefined,
    tableType: 'EXTERNAL_TABLE',
    location: 's3://b/t',
    databaseLocation: 's3a://b/db.db',
    parameters: { table_type: format, metadata_location: 's3://b/m.json' },
  });
});

test.each([
  ['VIRTUAL_VIEW', { table_type: 'iceberg-view', metadata_location: 'x' }, 'is a view'],
  ['EXTERNAL_TABLE', { table_type: 'ICEBERG-VIEW' }, 'is a view'],
  ['VIRTUAL_VIEW', {}, 'is a view'],
  ['MATERIALIZED_VIEW', { table_type: 'ICEBERG', metadata_location: 'x' }, 'is a view'],
  ['MANAGED_TABLE', {}, 'not an Iceberg table'],
  [undefined, {}, 'not an Iceberg table'],
  ['EXTERNAL_TABLE', { table_type: 'HUDI' }, 'table_type is HUDI'],
])('%s %j is refused', (type, parameters, message) => {
  expect(() => readEntry(IDENT, table(type, parameters as Record<string, string>), DATABASE)).toThrow(
    expect.objectContaining({ code: 'unsupported', table: 'db.t', message: expect.stringContaining(message) }),
  );
});

test.each([{ table_type: 'ICEBERG' }, { table_type: 'ICEBERG', metadata_location: '' }])('%j is corrupt', (parameters) => {
  expect(() => readEntry(IDENT, table('EXTERNAL_TABLE', parameters as Record<string, string>), DATABASE)).toThrow(
    expect.objectContaining({ code: 'corrupt', table: 'db.t' }),
  );
});
