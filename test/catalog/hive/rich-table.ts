import { bool, fields, getStruct, int32, list, struct, text, textMap } from '../../../src/catalog/hive/fields.js';
import { hiveTable } from '../../../src/catalog/hive/hive-table.js';
import type { ThriftStruct } from '../../../src/catalog/hive/struct.js';
import { T } from '../../../src/catalog/hive/wire.js';
import { tableMetadata } from '../table-metadata.js';

interface Place {
  readonly database: string;
  readonly folder: string;
}

/** An Iceberg table as this project registers one. */
export function icebergTable({ database, folder }: Place, name: string): ThriftStruct {
  const location = `${folder}/${name}`;
  const metadataLocation = `${location}/metadata/00001-a.metadata.json`;
  const registration = { ident: { namespace: [database], name }, metadataLocation, metadata: tableMetadata({ location }) };
  return hiveTable(registration, 'tester', Date.now());
}

/** The same with all that a metastore keeps and an Iceberg table never has: a swap must carry it through. */
export function richTable(place: Place, name: string): ThriftStruct {
  const table = icebergTable(place, name);
  const texts = (...items: string[]) => list(T.STRING, items.map(text));
  const skewed = fields([
    [1, texts('id')],
    [2, list(T.LIST, [texts('1'), texts('2')])],
    [
      3,
      { type: T.MAP, value: { keyType: T.LIST, valueType: T.STRING, entries: [[texts('1'), text(`${place.folder}/skewed`)]] } },
    ],
  ]);
  const serde = fields([
    [1, text('a serde')],
    [2, text('org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe')],
    [3, textMap([['separator', '\u0001']])],
    [4, text('described')],
    [5, text('a.Serializer')],
    [6, text('a.Deserializer')],
    [7, int32(1)],
  ]);
  const order = fields([
    [1, text('id')],
    [2, int32(1)],
  ]);
  const sd = new Map(getStruct(table, 7))
    .set(6, int32(4))
    .set(7, struct(serde))
    .set(8, texts('id'))
    .set(9, list(T.STRUCT, [struct(order)]))
    .set(10, textMap([['of the sd', 'ü']]))
    .set(11, struct(skewed))
    .set(12, bool(true));
  return new Map(table).set(7, struct(sd)).set(15, bool(true)).set(18, int32(2));
}

/** `location`: URI of the database's folder; without it below the metastore's warehouse. */
export function databaseStruct(name: string, location?: string): ThriftStruct {
  return fields([
    [1, text(name)],
    [2, text('made by a test')],
    [3, location === undefined ? undefined : text(location)],
    [4, textMap([])],
  ]);
}
