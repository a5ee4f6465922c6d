import { BcnError } from '../../errors.js';
import { type CatalogEntry, formatIdent, type TableIdent } from '../port.js';
import { getInt32, getStruct, getText, getTextMap } from './fields.js';
import { DATABASE, STORAGE, TABLE } from './hive-table.js';
import { encodeStruct, type ThriftStruct } from './struct.js';

/** The port's entry for a Thrift Table. Throws `unsupported` when it is not an Iceberg table, `corrupt` when it names no metadata file. */
export function readEntry(ident: TableIdent, table: ThriftStruct, database: ThriftStruct): CatalogEntry {
  const parameters = getTextMap(table, TABLE.parameters);
  const tableType = getText(table, TABLE.tableType);
  const name = formatIdent(ident);
  const refusal = whyNotIceberg(tableType, parameters.get('table_type'));
  if (refusal !== undefined) {
    throw new BcnError('unsupported', `"${name}" ${refusal}`, { table: name, hint: 'bcn backs up Iceberg tables only.' });
  }
  const metadataLocation = parameters.get('metadata_location');
  if (metadataLocation === undefined || metadataLocation === '') {
    throw new BcnError('corrupt', `"${name}" is marked as an Iceberg table, but its entry names no metadata file`, {
      table: name,
      hint: 'Its parameter metadata_location is missing: repair the entry with the engine that wrote it.',
    });
  }
  const summary = {
    owner: getText(table, TABLE.owner),
    ownerType: getInt32(table, TABLE.ownerType),
    tableType,
    location: getText(getStruct(table, TABLE.sd) ?? new Map(), STORAGE.location),
    databaseLocation: getText(database, DATABASE.location),
    parameters: Object.fromEntries(parameters),
  };
  const raw = { type: 'hive', table: base64(table), database: base64(database), summary } as const;
  return { ident, metadataLocation, raw };
}

/** Hive and Iceberg spell these words in either case. */
function whyNotIceberg(tableType: string | undefined, format: string | undefined): string | undefined {
  if (/view/i.test(tableType ?? '') || /^iceberg-view$/i.test(format ?? '')) return `is a view (${tableType ?? 'no type'})`;
  if (format === undefined) return `is not an Iceberg table (${tableType ?? 'no type'}, no table_type)`;
  return /^iceberg$/i.test(format) ? undefined : `is not an Iceberg table (its table_type is ${format})`;
}

function base64(struct: ThriftStruct): string {
  return encodeStruct(struct).toString('base64');
}
