/** What specs/06-metastores.md states of each metastore, as measurements. A key is the first column of its table, a result the cell. */
import type { HiveClient } from '../../../src/catalog/hive/client.js';
import { checkLock, heartbeat, lock, unlock } from '../../../src/catalog/hive/client-locks.js';
import { ApplicationFault, ServerException } from '../../../src/catalog/hive/faults.js';
import {
  bool,
  fields,
  getStruct,
  getText,
  getTextMap,
  list,
  struct,
  text,
  textMap,
  withTexts,
} from '../../../src/catalog/hive/fields.js';
import type { ThriftStruct } from '../../../src/catalog/hive/struct.js';
import { T } from '../../../src/catalog/hive/wire.js';
import { icebergTable } from './rich-table.js';

/** A metastore with a database for this test alone. */
export interface Measured {
  readonly client: HiveClient;
  readonly database: string;
  /** URI below which tables may lie. */
  readonly folder: string;
}

const NAME = 'metadata_location';
const CONFLICT = 'The table has been modified';

export const BEHAVIOURS: Readonly<Record<string, (on: Measured) => Promise<string>>> = {
  '`getVersion`': async ({ client }) => getText(await client.call('getVersion', fields([]), {}, {}), 0) ?? '',
  '`get_table_req`': ({ client, database }) => known(client, 'get_table_req', request(database)),
  '`get_table`': ({ client, database }) => known(client, 'get_table', name(database)),
  '`get_table_objects_by_name_req`': ({ client, database }) =>
    known(
      client,
      'get_table_objects_by_name_req',
      fields([
        [
          1,
          struct(
            fields([
              [1, text(database)],
              [2, list(T.STRING, [text('t')])],
            ]),
          ),
        ],
      ]),
    ),
  '`alter_table_req` (not used)': ({ client }) => known(client, 'alter_table_req', fields([[1, struct(fields([]))]])),
  'alter, expected value holds': (on) => altered(on, { expected_parameter_key: NAME, expected_parameter_value: 's3a://first' }),
  'alter, expected value is stale': (on) =>
    altered(on, { expected_parameter_key: NAME, expected_parameter_value: 's3a://stale' }),
  'alter, expected key without a value': (on) => altered(on, { expected_parameter_key: NAME }),
  'alter, expected key that the entry lacks': (on) =>
    altered(on, { expected_parameter_key: 'nothing', expected_parameter_value: 'x' }),
  'alter, table missing': (on) => outcome(on.client.alterTable(on.database, 'none', icebergTable(on, 'none'), new Map(), {})),
  'create, table exists': async (on) => {
    const table = icebergTable(on, await created(on));
    return outcome(on.client.createTable(table, {}));
  },
  'create, database missing': (on) =>
    outcome(on.client.createTable(icebergTable({ ...on, database: 'no_such_database' }, 't'), {})),
  'create, scheme without a file system': async (on) =>
    outcome(on.client.createTable(icebergTable({ ...on, folder: 'gs://b/f' }, fresh()), {})),
  'create, column type unknown': async (on) => {
    const table = icebergTable(on, fresh());
    const columns = list(T.STRUCT, [
      struct(
        fields([
          [1, text('v')],
          [2, text('variant')],
        ]),
      ),
    ]);
    const sd = new Map(getStruct(table, 7)).set(1, columns);
    return outcome(on.client.createTable(new Map(table).set(7, struct(sd)), {}));
  },
  'create, `a b` as a name': async (on) => outcome(on.client.createTable(icebergTable(on, 'a b'), {})),
  'create, without a storage descriptor': async (on) => {
    const table = new Map(icebergTable(on, fresh()));
    table.delete(7);
    return outcome(on.client.createTable(table, {}));
  },
  'create, database exists': ({ client, database }) =>
    outcome(
      client.createDatabase(
        fields([
          [1, text(database)],
          [4, textMap([])],
        ]),
        {},
      ),
    ),
  'read, table missing': ({ client, database }) => outcome(raw(client, 'get_table_req', request(database))),
  'read, database missing': ({ client }) => outcome(raw(client, 'get_table_req', request('no_such_database'))),
  'read a database, missing': ({ client }) =>
    outcome(client.call('get_database', fields([[1, text('no_such_database')]]), { 1: 'NoSuchObjectException' }, {})),
  'list, database missing': async ({ client }) => `${(await client.getAllTables('no_such_database', {})).length} names`,
  'read a batch, database missing': async ({ client }) =>
    outcome(client.getTables('no_such_database', ['t'], {})[Symbol.asyncIterator]().next()),
  'drop, table missing': async ({ client, database }) =>
    (await client.dropTable(database, 'none', {})) ? 'done' : 'NoSuchObjectException',
  'drop a database, missing': async ({ client }) =>
    outcome(
      client.change(
        'drop_database',
        fields([[1, text('no_such_database')]]),
        { 1: 'NoSuchObjectException', 2: 'InvalidOperationException', 3: 'MetaException' },
        {},
      ),
    ),
  'drop a database, not empty': async (on) => {
    await created(on);
    return outcome(on.client.dropDatabase(on.database, {}));
  },
  'unlock, id unknown': ({ client }) => outcome(unlock(client, 999_999_999n, {})),
  'heartbeat, id unknown': ({ client }) => outcome(heartbeat(client, 999_999_999n, {})),
  'check_lock, id unknown': ({ client }) => outcome(checkLock(client, 999_999_999n, {})),
  'lock, table missing': async (on) => {
    const held = await lock(on.client, asked(on, 'no_such_table'), {});
    await unlock(on.client, held.id, {});
    return held.state;
  },
  'lock, the same name in capitals': async (on) => {
    const first = await lock(on.client, asked(on, 'capitals'), {});
    const second = await lock(on.client, asked({ ...on, database: on.database.toUpperCase() }, 'CAPITALS'), {});
    for (const { id } of [first, second]) await unlock(on.client, id, {});
    return second.state;
  },
  'parameters added at create': (on) => added(on, icebergTable(on, fresh())),
  'parameters added, MANAGED_TABLE with `EXTERNAL=TRUE`': (on) =>
    added(on, new Map(icebergTable(on, fresh())).set(12, text('MANAGED_TABLE'))),
  'fields of a Table sent back': async (on) => {
    const table = await on.client.getTable(on.database, await created(on), {});
    return ranges([...(table?.keys() ?? [])].sort((a, b) => a - b));
  },
  'Table field 22 sent at create': async (on) => {
    const name = fresh();
    await on.client.createTable(new Map(icebergTable(on, name)).set(22, { type: T.BYTE, value: 7 }), {});
    const table = await on.client.getTable(on.database, name, {});
    return table?.get(22) === undefined ? 'not sent back' : 'sent back';
  },
  'Table field 10 (text of a view) of an EXTERNAL_TABLE': async (on) => {
    const name = fresh();
    await on.client.createTable(new Map(icebergTable(on, name)).set(10, text('original')), {});
    const table = await on.client.getTable(on.database, name, {});
    return table?.get(10) === undefined ? 'not sent back' : 'sent back';
  },
  'view as an Iceberg table: type sent back': async (on) => {
    const name = fresh();
    await on.client.createTable(new Map(icebergTable(on, name)).set(12, text('VIRTUAL_VIEW')).set(15, bool(false)), {});
    return getText((await on.client.getTable(on.database, name, {})) ?? new Map(), 12) ?? '';
  },
};

let names = 0;
const fresh = (): string => `t${++names}`;

const name = (database: string): ThriftStruct =>
  fields([
    [1, text(database)],
    [2, text('none')],
  ]);
const request = (database: string): ThriftStruct => fields([[1, struct(name(database))]]);
const asked = ({ database }: Measured, table: string) => ({
  database,
  table,
  user: 'test',
  host: 'here',
  agentInfo: `test ${fresh()}`,
});

function raw(client: HiveClient, method: string, args: ThriftStruct): Promise<ThriftStruct> {
  const exceptions = { get_table_req: { 1: 'MetaException', 2: 'NoSuchObjectException' } } as const;
  return client.call(method, args, method === 'get_table_req' ? exceptions.get_table_req : {}, {});
}

async function known(client: HiveClient, method: string, args: ThriftStruct): Promise<string> {
  try {
    await client.call(method, args, {}, {});
    return 'known';
  } catch (error) {
    if (error instanceof ApplicationFault && error.unknownMethod) return 'unknown method';
    if (error instanceof ApplicationFault) return 'known';
    throw error;
  }
}

/** `done`, or the exception. */
async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'done';
  } catch (error) {
    if (error instanceof ServerException) return error.kind;
    throw error;
  }
}

async function created(on: Measured): Promise<string> {
  const name = fresh();
  await on.client.createTable(icebergTable(on, name), {});
  return name;
}

async function altered(on: Measured, environment: Readonly<Record<string, string>>): Promise<string> {
  const table = await created(on);
  const before = (await on.client.getTable(on.database, table, {})) ?? new Map();
  const first = withTexts(before, 9, { [NAME]: 's3a://first' });
  await on.client.alterTable(on.database, table, first, new Map(), {});
  const second = withTexts(first, 9, { [NAME]: 's3a://second' });
  const said = await on.client.alterTable(on.database, table, second, new Map(Object.entries(environment)), {}).then(
    () => 'done',
    (error: unknown) => {
      if (!(error instanceof ServerException)) throw error;
      return error.message.startsWith(CONFLICT) ? `${error.kind}: ${CONFLICT}` : error.kind;
    },
  );
  const now = getTextMap((await on.client.getTable(on.database, table, {})) ?? new Map(), 9).get(NAME);
  return `${said}, ${now === 's3a://second' ? 'applied' : 'kept'}`;
}

async function added(on: Measured, table: ThriftStruct): Promise<string> {
  await on.client.createTable(table, {});
  const stored = getTextMap((await on.client.getTable(on.database, getText(table, 1) ?? '', {})) ?? new Map(), 9);
  const sent = getTextMap(table, 9);
  return [...stored.keys()]
    .filter((key) => !sent.has(key))
    .sort()
    .join(', ');
}

/** `1-10, 12`. */
function ranges(numbers: readonly number[]): string {
  const found: [number, number][] = [];
  for (const each of numbers) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === each - 1) last[1] = each;
    else found.push([each, each]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}
