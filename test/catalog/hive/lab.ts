/** What tests need of a real metastore beyond the port: databases and tables that come and go. */
import { HiveClient } from '../../../src/catalog/hive/client.js';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';
import { bool, fields, text, textMap } from '../../../src/catalog/hive/fields.js';
import { HiveSession } from '../../../src/catalog/hive/session.js';
import type { ThriftStruct } from '../../../src/catalog/hive/struct.js';

const FALSE = bool(false);
const WRITE = { write: true } as const;

export class HiveLab {
  readonly #session: HiveSession;
  readonly client: HiveClient;

  constructor(uri: string) {
    const timeouts = { connect: 10_000, read: 60_000, write: 180_000 };
    this.#session = new HiveSession({ endpoints: parseEndpoints(uri), framed: false, tls: undefined, timeouts, user: undefined });
    this.client = new HiveClient(this.#session);
  }

  /** `location`: URI of the database's folder; without it below the metastore's warehouse. */
  async createDatabase(name: string, location?: string): Promise<void> {
    const database = fields([
      [1, text(name)],
      [2, text('made by a test')],
      [3, location === undefined ? undefined : text(location)],
      [4, textMap([])],
    ]);
    const exceptions = { 1: 'AlreadyExistsException', 2: 'InvalidObjectException', 3: 'MetaException' } as const;
    await this.client.call('create_database', fields([[1, { type: 12, value: database }]]), exceptions, WRITE);
  }

  /** Drops the entry only; no file is deleted. */
  async dropTable(database: string, table: string): Promise<void> {
    const args = fields([
      [1, text(database)],
      [2, text(table)],
      [3, FALSE],
      [4, { type: 12, value: fields([[1, textMap([])]]) }],
    ]);
    const exceptions = { 1: 'NoSuchObjectException', 2: 'MetaException' } as const;
    await this.client.call('drop_table_with_environment_context', args, exceptions, WRITE);
  }

  /** Drops a database and the entries in it; no file is deleted. */
  async dropDatabase(name: string): Promise<void> {
    for (const table of await this.client.getAllTables(name, {})) await this.dropTable(name, table);
    const args = fields([
      [1, text(name)],
      [2, FALSE],
      [3, FALSE],
    ]);
    const exceptions = { 1: 'NoSuchObjectException', 2: 'InvalidOperationException', 3: 'MetaException' } as const;
    await this.client.call('drop_database', args, exceptions, WRITE);
  }

  /** As Spark's ALTER TABLE … RENAME TO: the same entry under another name, its location as it was. */
  async renameTable(database: string, table: string, to: { readonly database: string; readonly table: string }): Promise<void> {
    const entry = await this.client.getTable(database, table, {});
    const renamed = new Map(entry).set(1, text(to.table)).set(2, text(to.database));
    const args = fields([
      [1, text(database)],
      [2, text(table)],
      [3, { type: 12, value: renamed }],
      [4, { type: 12, value: fields([[1, textMap([])]]) }],
    ]);
    const exceptions = { 1: 'InvalidOperationException', 2: 'MetaException' } as const;
    await this.client.call('alter_table_with_environment_context', args, exceptions, WRITE);
  }

  createTable(table: ThriftStruct): Promise<void> {
    return this.client.createTable(table, {});
  }

  close(): void {
    this.#session.close();
  }
}
