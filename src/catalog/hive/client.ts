import { ApplicationFault, isServerException, ServerException, type ServerExceptionKind, WireFault } from './faults.js';
import { fields, getStruct, getStructList, getText, getTextList, list, struct, text } from './fields.js';
import type { HiveSession, SessionCallOptions } from './session.js';
import type { ThriftStruct } from './struct.js';
import { ProtocolError, T } from './wire.js';

type Exceptions = Readonly<Record<number, ServerExceptionKind>>;

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
  async createTable(table: ThriftStruct, options: SessionCallOptions): Promise<void> {
    const exceptions: Exceptions = {
      1: 'AlreadyExistsException',
      2: 'InvalidObjectException',
      3: 'MetaException',
      4: 'NoSuchObjectException',
    };
    await this.call('create_table', fields([[1, struct(table)]]), exceptions, { ...options, write: true });
  }

  /** Any method: the result struct, or the exception it declares at one of the given field ids. */
  async call(method: string, args: ThriftStruct, exceptions: Exceptions, options: SessionCallOptions): Promise<ThriftStruct> {
    const result = await this.#session.call(method, args, options);
    return readResult(result, () => {
      for (const [id, kind] of Object.entries(exceptions)) {
        const thrown = getStruct(result, Number(id));
        if (thrown !== undefined) throw new ServerException(kind, readMessage(thrown));
      }
      return result;
    });
  }
}

function readMessage(exception: ThriftStruct): string {
  return getText(exception, 1) ?? 'no message';
}

/** A result that is missing or of another type is a broken answer to a call that the server has carried out. */
function readResult<Result>(result: ThriftStruct, read: () => Result | undefined): Result {
  try {
    const value = read();
    if (value !== undefined) return value;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new WireFault('unknown', 'protocol', `unreadable answer: ${error.message}`);
  }
  throw new WireFault(
    'unknown',
    'protocol',
    `unreadable answer: neither a result nor an exception (fields: ${[...result.keys()].join(', ')})`,
  );
}

async function orMissing<Result>(call: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isServerException(error, 'NoSuchObjectException')) return undefined;
    throw error;
  }
}

async function orUnknown<Result>(call: () => Promise<Result>, otherwise: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApplicationFault && error.unknownMethod) return otherwise();
    throw error;
  }
}
