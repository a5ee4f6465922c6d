import type { LabWith } from './lab.js';
import { type Cell, post, type Rows } from './post.js';

/** pyiceberg's catalog or file-io properties, for example those of `hiveProperties`. */
export type Properties = Readonly<Record<string, string>>;

export interface AvroFile {
  readonly codec: string;
  /** JSON text, as in the file's header. */
  readonly schema: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly records: readonly { readonly [name: string]: Cell }[];
}

export interface ParquetFile {
  readonly created_by: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly columns: readonly {
    readonly name: string;
    readonly field_id: string | null;
    readonly required: boolean;
    readonly physical: string;
    readonly logical: string;
  }[];
  /** The column chunks of each row group. `size` and `start` in bytes, `min` and `max` null where there are none. */
  readonly groups: readonly (readonly {
    readonly codec: string;
    readonly encodings: readonly string[];
    readonly min: Cell;
    readonly max: Cell;
    readonly nulls: string | null;
    readonly size: string;
    readonly start: string;
  }[])[];
  /** In the order of the file. */
  readonly rows: readonly (readonly Cell[])[];
}

export interface NewTable {
  readonly catalog: Properties;
  /** `database.table`; the database is made when it is not there, an existing table is appended to. */
  readonly table: string;
  /** Name and type: boolean, int, long, float, double, string, binary (hex), date, timestamp, timestamptz. */
  readonly schema: readonly (readonly [name: string, type: string])[];
  readonly rows: readonly Readonly<Record<string, string | number | boolean | null>>[];
  readonly location?: string;
  readonly properties?: Properties;
}

/** The oracle that shares no code with Spark. Rows come sorted. See pyiceberg_server.py. */
export interface Pyiceberg {
  scan(catalog: Properties, table: string, snapshotId?: bigint): Promise<TableRows>;
  /** Read a table from its metadata file alone. */
  scanStatic(metadataLocation: string, properties: Properties, snapshotId?: bigint): Promise<TableRows>;
  create(table: NewTable): Promise<{ readonly metadata_location: string }>;
  /** Decode an Avro file with fastavro. */
  readAvro(file: Uint8Array): Promise<AvroFile>;
  /** Decode a Parquet file with pyarrow. */
  readParquet(file: Uint8Array): Promise<ParquetFile>;
  /** Encode an Avro file with fastavro; codec null, deflate, snappy, bzip2, zstandard or xz as far as it has them. */
  writeAvro(schema: unknown, records: readonly unknown[], codec?: string): Promise<Uint8Array>;
}

export type TableRows = Rows & { readonly metadata_location: string };

export function pyicebergClient({ pyiceberg: { url } }: LabWith<'pyiceberg'>): Pyiceberg {
  const id = (snapshotId: bigint | undefined): string | null => snapshotId?.toString() ?? null;
  return {
    scan: (catalog, table, snapshotId) => post(url, '/scan', { catalog, table, snapshot_id: id(snapshotId) }),
    scanStatic: (location, properties, snapshotId) =>
      post(url, '/static', { metadata_location: location, properties, snapshot_id: id(snapshotId) }),
    create: (table) => post(url, '/create', table),
    readAvro: (file) => post(url, '/fastavro', { base64: Buffer.from(file).toString('base64') }),
    readParquet: (file) => post(url, '/parquet', { base64: Buffer.from(file).toString('base64') }),
    async writeAvro(schema, records, codec = 'null') {
      const { base64 } = await post<{ readonly base64: string }>(url, '/write-avro', { schema, records, codec });
      return Buffer.from(base64, 'base64');
    },
  };
}

/** What pyiceberg needs to read and write files in the lab's S3. */
export function s3Properties({ s3 }: LabWith<'s3'>): Properties {
  return {
    's3.endpoint': s3.endpoint,
    's3.access-key-id': s3.accessKey,
    's3.secret-access-key': s3.secretKey,
    's3.region': 'us-east-1',
    's3.force-virtual-addressing': 'false',
  };
}

/** The lab's Hive Metastore as a catalog of pyiceberg. */
export function hiveProperties(lab: LabWith<'s3' | 'hms'>): Properties {
  return { type: 'hive', uri: lab.hms.uri, ...s3Properties(lab) };
}
