import { fields, getStruct, getText, getTextList, getTextMap, list, struct, text } from '../../../src/catalog/hive/fields.js';
import type { ThriftStruct } from '../../../src/catalog/hive/struct.js';
import { T } from '../../../src/catalog/hive/wire.js';
import { type ReceivedCall, reply, thrown } from './server.js';

/**
 * A metastore's answers over a map of tables, for scripts that answer some calls wrongly and the others as a server would
 * (exceptions as in hive_metastore.thrift). Tables are those of `db`; other databases are empty.
 */
export class FakeMetastore {
  readonly tables = new Map<string, ThriftStruct>();
  readonly databases = new Map<string, ThriftStruct>([['db', fields([[1, text('db')]])]]);

  answer(call: ReceivedCall): Buffer {
    switch (call.method) {
      case 'set_ugi':
        return reply(call, list(T.STRING, []));
      case 'get_all_databases':
        return reply(call, list(T.STRING, [...this.databases.keys()].map(text)));
      case 'get_database': {
        const database = this.databases.get(getText(call.args, 1) ?? '');
        return database === undefined ? thrown(call, 1, 'no such database') : reply(call, struct(database));
      }
      case 'get_all_tables':
        return reply(call, list(T.STRING, [...this.tables.keys()].map(text)));
      case 'get_table':
        return this.#table(call, getText(call.args, 2), (table) => table);
      case 'get_table_req':
        return this.#table(call, getText(getStruct(call.args, 1) ?? new Map(), 2), (table) => fields([[1, struct(table)]]));
      case 'get_table_objects_by_name_req': {
        const names = getTextList(getStruct(call.args, 1) ?? new Map(), 2);
        const found = names.flatMap((name) => this.tables.get(name) ?? []);
        return reply(call, struct(fields([[1, list(T.STRUCT, found.map(struct))]])));
      }
      case 'create_table': {
        const table = getStruct(call.args, 1) ?? new Map();
        const name = getText(table, 1) ?? '';
        if (this.tables.has(name)) return thrown(call, 1, 'exists');
        this.tables.set(name, table);
        return reply(call);
      }
      case 'drop_table_with_environment_context':
        return this.tables.delete(getText(call.args, 2) ?? '') ? reply(call) : thrown(call, 1, 'no such table');
      case 'create_database': {
        const database = getStruct(call.args, 1) ?? new Map();
        const name = getText(database, 1) ?? '';
        if (this.databases.has(name)) return thrown(call, 1, 'exists');
        this.databases.set(name, database);
        return reply(call);
      }
      case 'drop_database': {
        const name = getText(call.args, 1) ?? '';
        if (name === 'db' && this.tables.size > 0) return thrown(call, 2, 'Database db is not empty');
        return this.databases.delete(name) ? reply(call) : thrown(call, 1, 'no such database');
      }
      case 'alter_table_with_environment_context':
        return this.alter(call) ?? reply(call);
      default:
        throw new Error(`the fake knows no ${call.method}`);
    }
  }

  /** As 4.x: an expected value that does not hold is refused. Undefined when it was done. */
  alter(call: ReceivedCall): Buffer | undefined {
    const name = getText(call.args, 2) ?? '';
    const table = this.tables.get(name);
    if (table === undefined) return thrown(call, 1, 'no such table');
    const environment = getTextMap(getStruct(call.args, 4) ?? new Map(), 1);
    const key = environment.get('expected_parameter_key');
    const value = key === undefined ? undefined : getTextMap(table, 9).get(key);
    if (key !== undefined && value !== environment.get('expected_parameter_value')) {
      return thrown(call, 2, `The table has been modified. The parameter value for key '${key}' is '${value}'.`);
    }
    this.tables.set(name, getStruct(call.args, 3) ?? new Map());
    return undefined;
  }

  #table(call: ReceivedCall, name: string | undefined, wrap: (table: ThriftStruct) => ThriftStruct): Buffer {
    const table = this.tables.get(name ?? '');
    return table === undefined ? thrown(call, 2, 'no such table') : reply(call, struct(wrap(table)));
  }
}

/** Names that a batch call asked for. */
export function batchOf(call: ReceivedCall): readonly string[] {
  return getTextList(getStruct(call.args, 1) ?? new Map(), 2);
}
