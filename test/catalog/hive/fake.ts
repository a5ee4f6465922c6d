import { fields, getStruct, getText, getTextList, list, struct, text } from '../../../src/catalog/hive/fields.js';
import type { ThriftStruct } from '../../../src/catalog/hive/struct.js';
import { T } from '../../../src/catalog/hive/wire.js';
import { type ReceivedCall, reply, thrown } from './server.js';

/**
 * A metastore's answers over a map of tables, for scripts that answer some calls wrongly and the others as a server would
 * (exceptions as in hive_metastore.thrift). One database, `db`.
 */
export class FakeMetastore {
  readonly tables = new Map<string, ThriftStruct>();

  answer(call: ReceivedCall): Buffer {
    switch (call.method) {
      case 'get_all_databases':
        return reply(call, list(T.STRING, [text('db')]));
      case 'get_database':
        if (getText(call.args, 1) !== 'db') return thrown(call, 1, 'no such database');
        return reply(call, struct(fields([[1, text('db')]])));
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
      default:
        throw new Error(`the fake knows no ${call.method}`);
    }
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
