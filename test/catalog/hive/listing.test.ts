import { afterEach, describe, expect, test } from 'vitest';
import { fields, getText, list, struct, text } from '../../../src/catalog/hive/fields.js';
import { createHiveCatalog } from '../../../src/catalog/hive/hive-catalog.js';
import type { Catalog } from '../../../src/catalog/port.js';
import { FakeMetastore } from './fake.js';
import { reply, type Script, type ScriptedServer, startServer, thrown } from './server.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function catalogOf(script: Script): Promise<{ catalog: Catalog; server: ScriptedServer }> {
  const server = await startServer(script);
  const catalog = createHiveCatalog({ uri: server.uri, timeouts: { connect: 1000, read: 1000, write: 1000 } });
  open.push(server, catalog);
  return { catalog, server };
}

/** name → location, undefined = an entry without one. */
function fakeWith(locations: Readonly<Record<string, string | undefined>>): FakeMetastore {
  const fake = new FakeMetastore();
  for (const [name, location] of Object.entries(locations)) {
    const storage = location === undefined ? undefined : struct(fields([[2, text(location)]]));
    const table = fields([
      [1, text(name)],
      [7, storage],
    ]);
    fake.tables.set(name, table);
  }
  return fake;
}

const placed = (name: string, location: string) => ({ ident: { namespace: ['db'], name }, location });

describe('what occupies a place', () => {
  test('entries without a location or with one of another system are passed over', async () => {
    const fake = fakeWith({ view: undefined, empty: '', hdfs: 'hdfs://nn/wh/t', gs: 'gs://b/wh/t', ours: 's3a://b/wh/t/' });
    const { catalog } = await catalogOf((call) => fake.answer(call));
    expect(await catalog.findAt('s3://b/wh/t')).toEqual(placed('ours', 's3a://b/wh/t/'));
    expect(await catalog.findAt('s3://b/wh/t2')).toBeUndefined();
  });

  test('the table at the very place comes before one above or below', async () => {
    const fake = fakeWith({ above: 's3://b/wh', below: 's3://b/wh/t/x', exact: 's3n://b//wh/t/' });
    const { catalog } = await catalogOf((call) => fake.answer(call));
    expect(await catalog.findAt('s3://b/wh/t')).toEqual(placed('exact', 's3n://b//wh/t/'));
    expect(await catalog.findAt('s3://b/wh/t/x/y')).toEqual(placed('above', 's3://b/wh'));
    expect(await catalog.findAt('s3://b/wh/t/x')).toEqual(placed('below', 's3://b/wh/t/x'));
  });

  test('a database that is dropped meanwhile is passed over, any other refusal is not', async () => {
    const fake = fakeWith({ t: 's3://b/wh/t' });
    const script =
      (exception: number): Script =>
      (call) => {
        if (call.method === 'get_all_databases') return reply(call, list(11, [text('gone'), text('db')]));
        if (call.method === 'get_all_tables' && getText(call.args, 1) === 'gone') return reply(call, list(11, [text('x')]));
        const first =
          call.method === 'get_table_objects_by_name_req' &&
          server.calls.filter((each) => each.method === call.method).length === 1;
        return first ? thrown(call, exception, 'Could not find database gone') : fake.answer(call);
      };
    let { catalog, server } = await catalogOf(script(3));
    expect(await catalog.findAt('s3://b/wh/t')).toEqual(placed('t', 's3://b/wh/t'));
    ({ catalog, server } = await catalogOf(script(1)));
    await expect(catalog.findAt('s3://b/wh/t')).rejects.toMatchObject({ code: 'catalog-unavailable' });
  });

  test('an unreadable location is refused before any call', async () => {
    const { catalog, server } = await catalogOf(() => undefined);
    await expect(catalog.findAt('gs://b/t')).rejects.toMatchObject({ code: 'config' });
    expect(server.calls).toEqual([]);
  });
});
