import { userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import {
  fields,
  getInt32,
  getStruct,
  getStructList,
  getText,
  getTextMap,
  int32,
  text,
  textMap,
} from '../../../src/catalog/hive/fields.js';
import { hiveTable, TABLE } from '../../../src/catalog/hive/hive-table.js';
import { encodeStruct } from '../../../src/catalog/hive/struct.js';
import type { RawEntry, Registration } from '../../../src/catalog/port.js';
import { tableMetadata } from '../table-metadata.js';

const HANDLER = 'org.apache.iceberg.mr.hive.HiveIcebergStorageHandler';

function registration(changes: Partial<Registration> = {}): Registration {
  const ident = { namespace: ['db'], name: 't' };
  return { ident, metadataLocation: 's3://b/t/metadata/00001-x.metadata.json', metadata: tableMetadata(), ...changes };
}

function carried(owner: string, ownerType: number | undefined, parameters: Record<string, string> = {}): RawEntry {
  const table = fields([
    [TABLE.owner, text(owner)],
    [TABLE.parameters, textMap(Object.entries(parameters))],
    [TABLE.ownerType, ownerType === undefined ? undefined : int32(ownerType)],
  ]);
  return { type: 'hive', table: encodeStruct(table).toString('base64') };
}

describe('the Thrift Table', () => {
  test('has the fields that every server takes, times in seconds', () => {
    const table = hiveTable(registration(), undefined, 1_763_683_200_999);
    expect([...table.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 12]);
    expect([getText(table, 1), getText(table, 2), getText(table, 12)]).toEqual(['t', 'db', 'EXTERNAL_TABLE']);
    expect([getInt32(table, 4), getInt32(table, 5), getInt32(table, 6)]).toEqual([1_763_683_200, 1_763_683_200, 2_147_483_647]);
    expect(getStructList(table, 8)).toEqual([]);
    expect(getTextMap(table, 9).get('DO_NOT_UPDATE_STATS')).toBe('true');
  });

  test('has the table’s location, columns and plain classes', () => {
    const sd = getStruct(hiveTable(registration(), undefined, 0), 7) ?? new Map();
    expect([...sd.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(getText(sd, 2)).toBe('s3a://warehouse/db/t');
    expect(getText(sd, 3)).toBe('org.apache.hadoop.mapred.FileInputFormat');
    expect(getText(getStruct(sd, 7) ?? new Map(), 2)).toContain('LazySimpleSerDe');
    const columns = getStructList(sd, 1).map((column) => [getText(column, 1), getText(column, 2), getText(column, 3)]);
    expect(columns).toEqual([
      ['id', 'bigint', 'the key, with "quotes" and  two spaces'],
      ['when', 'timestamp with local time zone', undefined],
    ]);
  });

  test.each<[string, Partial<Registration>]>([
    ['the property engine.hive.enabled', { metadata: tableMetadata({ properties: new Map([['engine.hive.enabled', 'TRUE']]) }) }],
    ['the source’s storage handler', { carried: carried('o', 1, { storage_handler: HANDLER }) }],
  ])('has Hive’s classes after %s', (_what, changes) => {
    const table = hiveTable(registration(changes), undefined, 0);
    const sd = getStruct(table, 7) ?? new Map();
    expect(getTextMap(table, 9).get('storage_handler')).toBe(HANDLER);
    expect(getText(sd, 3)).toContain('HiveIcebergInputFormat');
    expect(getText(sd, 4)).toContain('HiveIcebergOutputFormat');
    expect(getText(getStruct(sd, 7) ?? new Map(), 2)).toContain('HiveIcebergSerDe');
  });

  test('another storage handler is not carried over', () => {
    const table = hiveTable(registration({ carried: carried('o', 1, { storage_handler: 'x.Other' }) }), undefined, 0);
    expect(getTextMap(table, 9).has('storage_handler')).toBe(false);
  });

  test('the owner is the source’s, else the property’s, else who we say we are, else who we are', () => {
    const metadata = tableMetadata({ properties: new Map([['hive.metastore.table.owner', 'property']]) });
    const ownerOf = (changes: Partial<Registration>, user?: string) => {
      const table = hiveTable(registration(changes), user, 0);
      return [getText(table, TABLE.owner), getInt32(table, TABLE.ownerType)];
    };
    expect(ownerOf({ metadata, carried: carried('source', 2) }, 'flag')).toEqual(['source', 2]);
    expect(ownerOf({ carried: carried('source', undefined) })).toEqual(['source', undefined]);
    expect(ownerOf({ metadata, carried: { type: 'path' } }, 'flag')).toEqual(['property', undefined]);
    expect(ownerOf({}, 'flag')).toEqual(['flag', undefined]);
    expect(ownerOf({})).toEqual([userInfo().username, undefined]);
  });

  test.each([{ table: 5 }, {}, { table: 'AAAA' }, { table: '' }, { table: 'CwADAAAA/w==' }])(
    'a carried entry of %j is corrupt',
    (raw) => {
      expect(() => hiveTable(registration({ carried: { type: 'hive', ...raw } }), undefined, 0)).toThrow(
        expect.objectContaining({ code: 'corrupt' }),
      );
    },
  );

  test('an entry that no metastore’s database holds is refused', () => {
    const metadata = tableMetadata({ properties: new Map([['k'.repeat(257), 'v']]) });
    expect(() => hiveTable(registration({ metadata }), undefined, 0)).toThrow(expect.objectContaining({ code: 'unsupported' }));
    const owner = carried('o'.repeat(768), 1);
    expect(() => hiveTable(registration({ carried: owner }), undefined, 0)).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
  });
});
