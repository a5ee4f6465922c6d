import { BcnError } from '../../errors.js';
import { formatIdent, type RawEntry, type Registration } from '../port.js';
import { bool, fields, getInt32, getText, getTextMap, int32, list, struct, text, textMap } from './fields.js';
import { checkLengths } from './lengths.js';
import { tableParameters } from './parameters.js';
import { decodeStruct, type ThriftStruct } from './struct.js';
import { type HiveColumn, hiveColumns } from './types.js';
import { processUser } from './user.js';
import { T } from './wire.js';

/** Field ids of the metastore's structs (hive_metastore.thrift). */
export const TABLE = { name: 1, database: 2, owner: 3, sd: 7, parameters: 9, tableType: 12, ownerType: 18 } as const;
export const STORAGE = { location: 2 } as const;
export const DATABASE = { name: 1, location: 3, parameters: 4, ownerName: 6, ownerType: 7 } as const;

const STORAGE_HANDLER = 'org.apache.iceberg.mr.hive.HiveIcebergStorageHandler';
const OWNER_PROPERTY = 'hive.metastore.table.owner';
const MAX_INT32 = 2 ** 31 - 1;
/** PrincipalType of hive_metastore.thrift. */
const USER = 1;

/** Classes of the storage descriptor: for tables that Hive itself may read, and for those it only lists. */
const HIVE_CLASSES = {
  input: 'org.apache.iceberg.mr.hive.HiveIcebergInputFormat',
  output: 'org.apache.iceberg.mr.hive.HiveIcebergOutputFormat',
  serde: 'org.apache.iceberg.mr.hive.HiveIcebergSerDe',
};
const PLAIN_CLASSES = {
  input: 'org.apache.hadoop.mapred.FileInputFormat',
  output: 'org.apache.hadoop.mapred.FileOutputFormat',
  serde: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
};

/**
 * The Thrift Table that Iceberg's HiveCatalog would have written for this metadata (HiveTableOperations, HMSTablePropertyHelper), made anew:
 * the source's parameters hold source paths and stale numbers. Carried over from the source's entry: owner, its type, and the storage handler.
 * Nothing outside fields 1-9, 12 and 18 is sent, which every server from 3.1.3 on accepts. `now`: ms since the epoch.
 * Throws `unsupported` for a schema or an entry that Hive cannot hold, `corrupt` for what is no schema.
 */
export function hiveTable(registration: Registration, user: string | undefined, now: number): ThriftStruct {
  const { ident, metadata } = registration;
  const carried = carriedFacts(registration.carried);
  const seconds = int32(Math.floor(now / 1000));
  const hiveEnabled = carried.storageHandler || metadata.properties.get('engine.hive.enabled')?.toLowerCase() === 'true';
  const parameters = tableParameters(metadata, registration.metadataLocation, hiveEnabled ? STORAGE_HANDLER : undefined);
  const owner = carried.owner ?? metadata.properties.get(OWNER_PROPERTY) ?? user ?? processUser();
  const columns = hiveColumns(metadata.currentSchemaJson);
  checkLengths({ table: formatIdent(ident), location: metadata.location, owner, columns, parameters });
  return fields([
    [TABLE.name, text(ident.name)],
    [TABLE.database, text(ident.namespace[0] ?? '')],
    [TABLE.owner, text(owner)],
    [4, seconds],
    [5, seconds],
    [6, int32(MAX_INT32)],
    [TABLE.sd, struct(storageDescriptor(metadata.location, columns, hiveEnabled))],
    [8, list(T.STRUCT, [])],
    [TABLE.parameters, textMap(parameters)],
    [TABLE.tableType, text('EXTERNAL_TABLE')],
    [TABLE.ownerType, carried.ownerType === undefined ? undefined : int32(carried.ownerType)],
  ]);
}

function storageDescriptor(location: string, columns: readonly HiveColumn[], hiveEnabled: boolean): ThriftStruct {
  const classes = hiveEnabled ? HIVE_CLASSES : PLAIN_CLASSES;
  const described = columns.map(({ name, type, comment }) =>
    struct(
      fields([
        [1, text(name)],
        [2, text(type)],
        [3, comment === undefined ? undefined : text(comment)],
      ]),
    ),
  );
  const serde = fields([
    [2, text(classes.serde)],
    [3, textMap([])],
  ]);
  return fields([
    [1, list(T.STRUCT, described)],
    [STORAGE.location, text(location)],
    [3, text(classes.input)],
    [4, text(classes.output)],
    [5, bool(false)],
    [6, int32(0)],
    [7, struct(serde)],
    [8, list(T.STRING, [])],
    [9, list(T.STRUCT, [])],
    [10, textMap([])],
  ]);
}

/** The Thrift Database of that name and owner: the metastore chooses its folder. */
export function hiveDatabase(name: string, user: string | undefined): ThriftStruct {
  return fields([
    [DATABASE.name, text(name)],
    [DATABASE.parameters, textMap([])],
    [DATABASE.ownerName, text(user ?? processUser())],
    [DATABASE.ownerType, int32(USER)],
  ]);
}

interface Carried {
  readonly owner: string | undefined;
  readonly ownerType: number | undefined;
  readonly storageHandler: boolean;
}

/** What the restored entry takes over from the source's; nothing where the source was no Hive table. */
function carriedFacts(raw: RawEntry | undefined): Carried {
  if (raw?.type !== 'hive') return { owner: undefined, ownerType: undefined, storageHandler: false };
  try {
    if (typeof raw.table !== 'string') throw new TypeError('it holds no table');
    const table = decodeStruct(Buffer.from(raw.table, 'base64'));
    const handler = getTextMap(table, TABLE.parameters).get('storage_handler');
    return {
      owner: getText(table, TABLE.owner),
      ownerType: getInt32(table, TABLE.ownerType),
      storageHandler: handler === STORAGE_HANDLER,
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BcnError('corrupt', `The catalog entry in the backup is not a Thrift Table: ${reason}`, {
      hint: 'Check the repository: bcn verify NAME',
      cause,
    });
  }
}
