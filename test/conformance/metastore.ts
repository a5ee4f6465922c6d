import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HiveClient } from '../../src/catalog/hive/client.js';
import { getText, getTextMap, withTexts } from '../../src/catalog/hive/fields.js';
import { decodeStruct, encodeStruct, type ThriftStruct } from '../../src/catalog/hive/struct.js';
import { plainStruct } from '../catalog/hive/plain-struct.js';
import type { Verdict } from '../catalog/hive/proxy.js';
import { databaseStruct, icebergTable, richTable } from '../catalog/hive/rich-table.js';
import { commitConformance } from './metastore-commit.js';
import { lockConformance } from './metastore-locks.js';

const PARAMETERS = 9;

/** A client, and what passed between it and the server. */
export interface Watched {
  readonly client: HiveClient;
  readonly methods: readonly string[];
}

/** How servers differ, where that decides what can be tested. */
export interface MetastoreTraits {
  readonly name: string;
  /** The server knows `get_table`. */
  readonly getTable: boolean;
  /** The server takes lock requests at once, and checks expected values. Derby stalls for minutes: there, one at a time. */
  readonly contention: boolean;
}

/** What the test of one metastore prepares: an empty database whose tables lie below `folder`. */
export interface MetastoreUnderTest {
  readonly uri: string;
  readonly client: HiveClient;
  readonly database: string;
  readonly folder: string;
  /** A client whose calls can be watched, and tampered with on their way. */
  watched(judge?: (method: string) => Verdict): Promise<Watched>;
  /** Another client, as another process would have it. */
  another(): HiveClient;
  /** Writes an object below `folder`, and tells whether it is there. */
  put(name: string): Promise<void>;
  exists(name: string): Promise<boolean>;
  unknownMethod(method: string): Verdict;
  close(): Promise<void>;
}

/** What the client's calls, its lock and its commit do on a real metastore: one suite for every server. */
export function metastoreConformance(traits: MetastoreTraits, setup: () => Promise<MetastoreUnderTest>): void {
  describe(`metastore client: ${traits.name}`, { timeout: 120_000 }, () => {
    let on: MetastoreUnderTest;
    let made = 0;

    beforeAll(async () => {
      on = await setup();
    }, 180_000);
    afterAll(async () => {
      await on?.close();
    }, 60_000);

    const fresh = (stem: string) => `${stem}_${++made}`;
    const read = async (table: string): Promise<ThriftStruct> =>
      (await on.client.getTable(on.database, table, {})) ?? expect.fail('no such table');
    const create = async (table: string, build = icebergTable): Promise<ThriftStruct> => {
      await on.client.createTable(build(on, table), {});
      return read(table);
    };

    lockConformance(() => on, traits.contention);
    commitConformance(() => on, traits.contention);

    describe('reading', () => {
      test('a table is asked for by get_table_req, and by nothing else', async () => {
        await create('asked');
        const { client, methods } = await on.watched();
        expect(getText((await client.getTable(on.database, 'asked', {})) ?? new Map(), 1)).toBe('asked');
        expect(await client.getTable(on.database, 'none', {})).toBeUndefined();
        expect(methods).toEqual(['get_table_req', 'get_table_req']);
      });

      test('by get_table where get_table_req is unknown, and an error where both are', async () => {
        await create('fallback');
        const { client, methods } = await on.watched((method) =>
          method === 'get_table_req' ? on.unknownMethod(method) : 'pass',
        );
        const reading = client.getTable(on.database, 'fallback', {});
        if (traits.getTable) expect(encodeStruct((await reading) ?? new Map())).toEqual(encodeStruct(await read('fallback')));
        else await expect(reading).rejects.toMatchObject({ name: 'ApplicationFault', unknownMethod: true });
        expect(methods).toEqual(['get_table_req', 'get_table']);
      });

      test('a batch gives the same bytes as one table does, and leaves out what is not there', async () => {
        const names = ['batch_a', 'batch_b', 'batch_c'];
        for (const each of names) await create(each, richTable);
        for (const judge of [
          undefined,
          (method: string) => (/objects_by_name/.test(method) ? on.unknownMethod(method) : 'pass'),
        ]) {
          const { client } = await on.watched(judge);
          const found = new Map<string, Buffer>();
          for await (const table of client.getTables(on.database, [...names, 'none', 'batch_a'], {})) {
            found.set(getText(table, 1) ?? '', encodeStruct(table));
          }
          expect([...found.keys()].sort()).toEqual(names);
          for (const each of names) expect(found.get(each)).toEqual(encodeStruct(await read(each)));
        }
      });

      test('all names, in any order', async () => {
        await create('listed');
        expect(await on.client.getAllTables(on.database, {})).toContain('listed');
        expect(await on.client.getAllDatabases({})).toContain(on.database);
      });
    });

    describe('create, alter, drop', () => {
      test('what is sent at create comes back, field by field', async () => {
        const sent = richTable(on, 'rich');
        await on.client.createTable(sent, {});
        const stored = await read('rich');
        const [was, is] = [plainStruct(sent), plainStruct(stored)];
        const { [PARAMETERS]: parameters, ...others } = was;
        expect(is).toMatchObject(others);
        const known = new Map(getTextMap(stored, PARAMETERS));
        for (const [key, value] of getTextMap(sent, PARAMETERS)) {
          // A word to the server, not stored.
          if (key !== 'DO_NOT_UPDATE_STATS') expect([key, known.get(key)]).toEqual([key, value]);
        }
        expect(parameters).toBeDefined();
      });

      test('an alter changes the one parameter that it is about; all else comes back byte for byte', async () => {
        const before = await create('altered', richTable);
        const changed = withTexts(before, 9, { uuid: 'another' });
        await on.client.alterTable(on.database, 'altered', changed, new Map([['DO_NOT_UPDATE_STATS', 'true']]), {});
        const after = await read('altered');
        expect(encodeStruct(after)).toEqual(encodeStruct(changed));
        expect(encodeStruct(decodeStruct(encodeStruct(after)))).toEqual(encodeStruct(after));
      });

      test.each([1000, 70_000])('an alter may carry %i characters', async (length) => {
        const table = fresh('long');
        const before = await create(table);
        await on.client.alterTable(on.database, table, withTexts(before, 9, { long: 'é'.repeat(length) }), new Map(), {});
        expect(getTextMap(await read(table), 9).get('long')).toBe('é'.repeat(length));
      });

      test('dropping entry and database deletes no object, whatever the entry asks for', async () => {
        const database = `${on.database}_drop`;
        const place = { database, folder: on.folder };
        await on.client.createDatabase(databaseStruct(database, `${on.folder}/dropped.db`), {});
        const purging = icebergTable(place, 'purged');
        const greedy = { 'external.table.purge': 'TRUE', 'gc.enabled': 'true', 'auto.purge': 'true' };
        await on.client.createTable(withTexts(purging, 9, greedy), {});
        await on.put('purged/data/file');
        await on.put('dropped.db/file');
        expect(await on.client.dropTable(database, 'purged', {})).toBe(true);
        expect(await on.client.dropTable(database, 'purged', {})).toBe(false);
        expect(await on.client.dropDatabase(database, {})).toBe(true);
        expect(await on.client.dropDatabase(database, {})).toBe(false);
        expect(await on.client.getDatabase(database, {})).toBeUndefined();
        expect([await on.exists('purged/data/file'), await on.exists('dropped.db/file')]).toEqual([true, true]);
      });
    });
  });
}
