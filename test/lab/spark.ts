import type { LabWith } from './lab.js';
import { post, type Rows } from './post.js';

/** The lab's one Spark session. Catalogs: `hms`, `path` (a Hadoop catalog in a local folder). See spark_server.py. */
export interface Spark {
  /** Run one statement; its rows, or none for a command. */
  sql(statement: string): Promise<Rows>;
  /** Run statements in order. */
  run(...statements: readonly string[]): Promise<void>;
  /** Read a table from its metadata file alone (s3:, s3a: or file:); `count` is of all rows, `rows` are at most `limit` (10 000). */
  read(metadataLocation: string, options?: ReadOptions): Promise<Rows & { readonly count: string }>;
  /** The folder of the catalog `path`, as a file: URI. */
  warehouse(): Promise<string>;
}

export interface ReadOptions {
  readonly snapshotId?: bigint;
  readonly limit?: number;
}

export function sparkClient({ spark: { url } }: LabWith<'spark'>): Spark {
  const sql = (statement: string): Promise<Rows> => post(url, '/sql', { sql: statement });
  return {
    sql,
    async run(...statements) {
      for (const statement of statements) await sql(statement);
    },
    read: (path, { snapshotId, limit } = {}) => post(url, '/read', { path, snapshot_id: snapshotId?.toString() ?? null, limit }),
    async warehouse() {
      const { warehouse } = (await (await fetch(url)).json()) as { readonly warehouse: string };
      return warehouse;
    },
  };
}
