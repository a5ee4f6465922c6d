import { checkVoid, type Exceptions, orMissing, orUnknown, readResult, withoutException } from './client-answers.js';
import { isServerException } from './faults.js';
import { bool, fields, getStruct, getStructList, getTextList, list, struct, text, textMap } from './fields.js';
import type { HiveSession, SessionCallOptions } from './session.js';
import type { ThriftStruct } from './struct.js';
import { T } from './wire.js';

/** Tables per request: replies stay small enough to be read without being paged. */
const BATCH = 100;

/**
 * The calls bcn makes of a metastore (hive_metastore.thrift), typed at the edges only: tables and databases stay whole structs.
 * Rejects with WireFault, ServerException or ApplicationFault. What is missing answers undefined.
 */
export class HiveClient {
  readonly #session: HiveSession;
  #oldServer = false;
  #noBatches = false;

  constructor(session: HiveSession) {
    this.#session = session;
  }

  async getAllDatabases(options: SessionCallOptions): Promise<readonly string[]> {
    const result = await this.call('get_all_databases', fields([]), { 1: 'MetaException' }, options);
    return readResult(result, () => (result.has(0) ? getTextList(result, 0) : undefined));
  }

  getDatabase(name: string, options: SessionCallOptions): Promise<ThriftStruct | undefined> {
    const exceptions: Exceptions = { 1: 'NoSuchObjectException', 2: 'MetaException' };
    return orMissing(async () => {
      const result = await this.call('get_database', fields([[1, text(name)]]), exceptions, options);
      return readResult(result, () => getStruct(result, 0));
    });
  }

  /** Empty for a database that does not exist, as the server answers. */
  async getAllTables(database: string, options: SessionCallOptions): Promise<readonly string[]> {
    const result = await this.call('get_all_tables', fields([[1, text(database)]]), { 1: 'MetaException' }, options);
    return readResult(result, () => (result.has(0) ? getTextList(result, 0) : undefined));
  }

  /** Asks by `get_table_req`, and servers that do not know it by `get_table` (4.0.1 has dropped that one). */
  getTable(database: string, table: string, options: SessionCallOptions): Promise<ThriftStruct | undefined> {
    const exceptions: Exceptions = { 1: 'MetaException', 2: 'NoSuchObjectException' };
    const name = fields([
      [1, text(database)],
      [2, text(table)],
    ]);
    const request = async () => {
      const result = await this.call('get_table_req', fields([[1, struct(name)]]), exceptions, options);
      return readResult(result, () => getStruct(getStruct(result, 0) ?? new Map(), 1));
    };
    const older = async () => {
      const result = await this.call('get_table', name, exceptions, options);
      return readResult(result, () => getStruct(result, 0));
    };
    return orMissing(async () => {
      if (this.#oldServer) return older();
      return orUnknown(request, () => {
        this.#oldServer = true;
        return older();
      });
    });
  }

  /** The tables of these names, in the server's order, those that are gone left out. */
  async *getTables(database: string, tables: readonly string[], options: SessionCallOptions): AsyncIterable<ThriftStruct> {
    for (let start = 0; start < tables.length; start += BATCH) {
      yield* await this.#getBatch(database, tables.slice(start, start + BATCH), options);
    }
  }

  async #getBatch(database: string, tables: readonly string[], options: SessionCallOptions): Promise<readonly ThriftStruct[]> {
    const exceptions: Exceptions = { 1: 'MetaException', 2: 'InvalidOperationException', 3: 'UnknownDBException' };
    const request = fields([
      [1, text(database)],
      [2, list(T.STRING, tables.map(text))],
    ]);
    const batch = async () => {
      const result = await this.call('get_table_objects_by_name_req', fields([[1, struct(request)]]), exceptions, options);
      return readResult(result, () => getStructList(getStruct(result, 0) ?? new Map(), 1));
    };
    const each = async () => {
      const found: ThriftStruct[] = [];
      for (const table of tables) {
        const one = await this.getTable(database, table, options);
        if (one !== undefined) found.push(one);
      }
      return found;
    };
    if (this.#noBatches) return each();
    return orUnknown(batch, () => {
      this.#noBatches = true;
      return each();
    });
  }

  /** Creates the table, and the folder of its location. */
  createTable(table: ThriftStruct, options: SessionCallOptions): Promise<void> {
    const exceptions: Exceptions = {
      1: 'AlreadyExistsException',
      2: 'InvalidObjectException',
      3: 'MetaException',
      4: 'NoSuchObjectException',
    };
    return this.change('create_table', fields([[1, struct(table)]]), exceptions, options);
  }

  /**
   * Puts `changed`, the struct just read with a field or two replaced, in the table's place. A name in it that differs renames the table.
   * `environment`: the call's properties. A table that is missing is an InvalidOperationException.
   */
  alterTable(
    database: string,
    table: string,
    changed: ThriftStruct,
    environment: ReadonlyMap<string, string>,
    options: SessionCallOptions,
  ): Promise<void> {
    const exceptions: Exceptions = { 1: 'InvalidOperationException', 2: 'MetaException' };
    const args = fields([
      [1, text(database)],
      [2, text(table)],
      [3, struct(changed)],
      [4, struct(fields([[1, textMap(environment)]]))],
    ]);
    return this.change('alter_table_with_environment_context', args, exceptions, options);
  }

  /** Drops the entry, never a file. False when there is none. */
  async dropTable(database: string, table: string, options: SessionCallOptions): Promise<boolean> {
    const exceptions: Exceptions = { 1: 'NoSuchObjectException', 2: 'MetaException' };
    const args = fields([
      [1, text(database)],
      [2, text(table)],
      [3, bool(false)],
      [4, struct(fields([[1, textMap([])]]))],
    ]);
    const drop = async () => {
      await this.change('drop_table_with_environment_context', args, exceptions, options);
      return true;
    };
    return (await orMissing(drop)) ?? false;
  }

  /** Creates the database, and its folder. */
  createDatabase(database: ThriftStruct, options: SessionCallOptions): Promise<void> {
    const exceptions: Exceptions = { 1: 'AlreadyExistsException', 2: 'InvalidObjectException', 3: 'MetaException' };
    return this.change('create_database', fields([[1, struct(database)]]), exceptions, options);
  }

  /** Drops the entry of an empty database, never a file. False when there is none; one with tables is an InvalidOperationException. */
  async dropDatabase(name: string, options: SessionCallOptions): Promise<boolean> {
    const exceptions: Exceptions = { 1: 'NoSuchObjectException', 2: 'InvalidOperationException', 3: 'MetaException' };
    const args = fields([
      [1, text(name)],
      [2, bool(false)],
      [3, bool(false)],
    ]);
    try {
      await this.change('drop_database', args, exceptions, options);
      return true;
    } catch (error) {
      if (isServerException(error, 'NoSuchObjectException')) return false;
      // 3.1.3 trips over the missing one with a MetaException about a null.
      if (isServerException(error, 'MetaException') && (await this.getDatabase(name, options)) === undefined) return false;
      throw error;
    }
  }

  /** Any method: the result struct, or the exception it declares at one of the given field ids. */
  async call(method: string, args: ThriftStruct, exceptions: Exceptions, options: SessionCallOptions): Promise<ThriftStruct> {
    return withoutException(await this.#session.call(method, args, options), exceptions);
  }

  /** A method that changes something and returns nothing: sent once, on a connection of its own. */
  async change(method: string, args: ThriftStruct, exceptions: Exceptions, options: SessionCallOptions): Promise<void> {
    checkVoid(await this.call(method, args, exceptions, { ...options, write: true }));
  }
}
