/** What tests need of a real metastore beyond the port: databases and tables that come and go. */
import { HiveClient } from '../../../src/catalog/hive/client.js';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';
import { text } from '../../../src/catalog/hive/fields.js';
import { HiveSession, type SessionOptions } from '../../../src/catalog/hive/session.js';
import type { ThriftStruct } from '../../../src/catalog/hive/struct.js';
import { databaseStruct } from './rich-table.js';

/** The metastores every statement about "Hive" is tested on, as the lab names them and as specs/06-metastores.md does. */
export const SERVERS = [
  { part: 'hms3', name: '3.1.3, Derby', getTable: true, contention: false },
  { part: 'hms', name: '4.0.0, Derby', getTable: true, contention: false },
  { part: 'hms401', name: '4.0.1, PostgreSQL', getTable: false, contention: true },
] as const;

export class HiveLab {
  readonly #session: HiveSession;
  readonly client: HiveClient;

  constructor(uri: string, { framed = false, tls }: Partial<Pick<SessionOptions, 'framed' | 'tls'>> = {}) {
    const timeouts = { connect: 10_000, read: 60_000, write: 180_000 };
    this.#session = new HiveSession({ endpoints: parseEndpoints(uri), framed, tls, timeouts, user: undefined });
    this.client = new HiveClient(this.#session);
  }

  /** `location`: URI of the database's folder; without it below the metastore's warehouse. */
  async createDatabase(name: string, location?: string): Promise<void> {
    await this.client.createDatabase(databaseStruct(name, location), {});
  }

  /** Drops the entry only; no file is deleted. */
  async dropTable(database: string, table: string): Promise<void> {
    await this.client.dropTable(database, table, {});
  }

  /** Drops a database and the entries in it; no file is deleted. */
  async dropDatabase(name: string): Promise<void> {
    for (const table of await this.client.getAllTables(name, {})) await this.dropTable(name, table);
    await this.client.dropDatabase(name, {});
  }

  /** As Spark's ALTER TABLE … RENAME TO: the same entry under another name, its location as it was. */
  async renameTable(database: string, table: string, to: { readonly database: string; readonly table: string }): Promise<void> {
    const entry = await this.client.getTable(database, table, {});
    const renamed = new Map(entry).set(1, text(to.table)).set(2, text(to.database));
    await this.client.alterTable(database, table, renamed, new Map(), {});
  }

  createTable(table: ThriftStruct): Promise<void> {
    return this.client.createTable(table, {});
  }

  close(): void {
    this.#session.close();
  }
}
