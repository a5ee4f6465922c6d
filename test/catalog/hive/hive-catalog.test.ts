import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getText, getTextMap } from '../../../src/catalog/hive/fields.js';
import { createHiveCatalog } from '../../../src/catalog/hive/hive-catalog.js';
import { TABLE } from '../../../src/catalog/hive/hive-table.js';
import { decodeStruct, encodeStruct, type ThriftStruct } from '../../../src/catalog/hive/struct.js';
import type { Catalog, RawEntry, Registration } from '../../../src/catalog/port.js';
import { catalogConformance } from '../../conformance/catalog.js';
import { describeWith, makeBucket } from '../../lab/lab.js';
import { tableMetadata } from '../table-metadata.js';
import { HiveLab, SERVERS } from './lab.js';

const SLOW = 180_000;

describe.each(SERVERS)('Hive Metastore $name', ({ part }) => {
  describeWith(['s3', part], 'a real metastore', (parts) => {
    const { uri } = parts[part];
    const database = `bcn_${randomBytes(4).toString('hex')}`;
    const lab = new HiveLab(uri);
    let catalog: Catalog;

    beforeAll(async () => {
      await makeBucket(parts, 'warehouse');
      await lab.createDatabase(database, `s3a://warehouse/${database}.db`);
      catalog = createHiveCatalog({ uri });
    }, SLOW);

    afterAll(async () => {
      await catalog.close();
      await lab.dropDatabase(database);
      lab.close();
    }, SLOW);

    catalogConformance('hive', async () => ({
      catalog: createHiveCatalog({ uri }),
      other: createHiveCatalog({ uri }),
      namespace: [database],
      misspelt: [`${database}x`],
      namespacesAreMade: true,
      registration: async (name, version) => registration(name, version),
      close: async () => {},
    }));

    function registration(name: string, version = 1, changes: Parameters<typeof tableMetadata>[0] = {}): Registration {
      const location = `s3a://warehouse/${database}.db/${name}`;
      const metadataLocation = `${location}/metadata/${String(version).padStart(5, '0')}-ab.metadata.json`;
      return { ident: { namespace: [database], name }, metadataLocation, metadata: tableMetadata({ location, ...changes }) };
    }

    async function stored(name: string): Promise<ThriftStruct> {
      const { raw } = await catalog.load({ namespace: [database], name });
      return decodeStruct(Buffer.from(raw.table as string, 'base64'));
    }

    test('stores all that Iceberg’s HiveCatalog would, exactly, and adds no totals of its own', async () => {
      await catalog.register(registration('full'));
      const table = await stored('full');
      const parameters = Object.fromEntries(getTextMap(table, TABLE.parameters));
      expect(parameters).toMatchObject({
        EXTERNAL: 'TRUE',
        table_type: 'ICEBERG',
        uuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1',
        'current-snapshot-id': '9223372036854775807',
        numRows: '9007199254740993',
        numFiles: '3',
        totalSize: '12',
        'write.format.default': 'parquet',
      });
      expect(Object.keys(parameters)).not.toContain('numFilesErasureCoded');
      expect(Object.keys(parameters)).not.toContain('external.table.purge');
      expect(getText(table, TABLE.tableType)).toBe('EXTERNAL_TABLE');
    });

    test('its own struct survives decoding and encoding byte for byte, with what newer servers add', async () => {
      await catalog.register(registration('bytes'));
      const { raw } = await catalog.load({ namespace: [database], name: 'bytes' });
      for (const part of [raw.table, raw.database]) {
        const bytes = Buffer.from(part as string, 'base64');
        expect(encodeStruct(decodeStruct(bytes))).toEqual(bytes);
      }
      expect(raw.summary).toMatchObject({ tableType: 'EXTERNAL_TABLE', databaseLocation: `s3a://warehouse/${database}.db` });
    });

    test('owner, owner type and storage handler come from the source’s entry', async () => {
      const properties = new Map([['engine.hive.enabled', 'true']]);
      await catalog.register(registration('source', 1, { properties }));
      const source = decodeStruct(
        Buffer.from((await catalog.load({ namespace: [database], name: 'source' })).raw.table as string, 'base64'),
      );
      const changed = new Map(source)
        .set(TABLE.owner, { type: 11, value: Buffer.from('émile') })
        .set(TABLE.ownerType, { type: 8, value: 2 });
      const carried: RawEntry = { type: 'hive', table: encodeStruct(changed).toString('base64') };
      await catalog.register({ ...registration('carried'), carried });
      const { raw } = await catalog.load({ namespace: [database], name: 'carried' });
      expect(raw.summary).toMatchObject({
        owner: 'émile',
        ownerType: 2,
        parameters: { storage_handler: 'org.apache.iceberg.mr.hive.HiveIcebergStorageHandler' },
      });
    });

    test.each([2000, 70_000])('a property of %i characters', async (length) => {
      const properties = new Map([['long', 'é'.repeat(length)]]);
      await catalog.register(registration(`long_${length}`, 1, { properties }));
      expect(getTextMap(await stored(`long_${length}`), TABLE.parameters).get('long')).toBe('é'.repeat(length));
    });

    test('all types that Hive can hold', async () => {
      const types = [
        ...['boolean', 'int', 'long', 'float', 'double', 'date', 'time', 'timestamp', 'timestamptz', 'string', 'uuid', 'binary'],
        'fixed[16]',
        'decimal(38, 10)',
        { type: 'list', 'element-id': 90, element: 'long', 'element-required': false },
        { type: 'map', 'key-id': 91, key: 'string', 'value-id': 92, value: 'timestamptz', 'value-required': false },
        { type: 'struct', fields: [{ id: 93, name: 'inner', required: false, type: 'uuid' }] },
      ];
      const fields = types.map((type, index) => ({ id: index, name: `c${index}`, required: false, type }));
      const currentSchemaJson = JSON.stringify({ type: 'struct', 'schema-id': 0, fields });
      expect(await catalog.register(registration('types', 1, { currentSchemaJson }))).toBe('registered');
    });

    test('names are found in any case and stored in lower case', async () => {
      const upper = registration('Mixed_Case');
      await catalog.register(upper);
      const entry = await catalog.load({ namespace: [database.toUpperCase()], name: 'MIXED_case' });
      expect(entry.ident).toEqual({ namespace: [database], name: 'mixed_case' });
      expect(await catalog.register(upper)).toBe('already');
    });

    test('a table is found by its place under another name and in another database', { timeout: SLOW }, async () => {
      const original = registration('renamed');
      const { location } = original.metadata;
      await catalog.register(original);
      await lab.renameTable(database, 'renamed', { database, table: 'new_name' });
      expect(await catalog.findAt(location)).toEqual({ ident: { namespace: [database], name: 'new_name' }, location });
      const elsewhere = `${database}_2`;
      await lab.createDatabase(elsewhere, `s3a://warehouse/${elsewhere}.db`);
      try {
        await lab.renameTable(database, 'new_name', { database: elsewhere, table: 'new_name' });
        const ident = { namespace: [elsewhere], name: 'new_name' };
        expect(await catalog.findAt(location.replace('s3a:', 's3:'))).toEqual({ ident, location });
      } finally {
        await lab.dropDatabase(elsewhere);
      }
      expect(await catalog.findAt(location)).toBeUndefined();
    });

    test('a location whose scheme the metastore does not know', async () => {
      const error = await catalog
        .register({ ...registration('nofs'), metadata: tableMetadata({ location: 'gs://bucket/t' }) })
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'config', object: 'gs://bucket/t', table: `${database}.nofs` });
      expect(error).toHaveProperty('hint', expect.stringContaining('s3a://'));
      await expect(catalog.load({ namespace: [database], name: 'nofs' })).rejects.toMatchObject({ code: 'table-not-found' });
    });

    test('views and tables of other formats are refused as sources, and listed', async () => {
      await catalog.register(registration('model'));
      const model = await stored('model');
      const text = (value: string) => ({ type: 11, value: Buffer.from(value) }) as const;
      await lab.createTable(
        new Map(model).set(1, text('a_view')).set(12, text('VIRTUAL_VIEW')).set(10, text('select 1')).set(11, text('select 1')),
      );
      const plain = { type: 13, value: { keyType: 11, valueType: 11, entries: [[text('EXTERNAL'), text('TRUE')]] } } as const;
      await lab.createTable(new Map(model).set(1, text('plain')).set(9, plain));
      const load = (name: string) => catalog.load({ namespace: [database], name });
      await expect(load('a_view')).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('is a view') });
      await expect(load('plain')).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining('not an Iceberg'),
      });
      const rival = { ...registration('a_view'), metadataLocation: 's3a://warehouse/other' };
      await expect(catalog.register(rival)).rejects.toMatchObject({ code: 'table-exists' });
      const names: string[] = [];
      for await (const { name } of catalog.list([database])) names.push(name);
      expect(names).toEqual(expect.arrayContaining(['a_view', 'plain', 'model']));
    });

    test('more tables than one request asks for are listed', { timeout: SLOW }, async () => {
      const model = await stored('full');
      const wanted = Array.from({ length: 100 }, (_, index) => `many_${index}`);
      for (const name of wanted) await lab.createTable(new Map(model).set(1, { type: 11, value: Buffer.from(name) }));
      const names = new Set<string>();
      for await (const { name } of catalog.list([database])) names.add(name);
      for (const name of wanted) expect(names).toContain(name);
    });

    test('speaks as another user when told to', async () => {
      const named = createHiveCatalog({ uri, user: 'carla' });
      await named.register(registration('as_carla'));
      expect((await named.load({ namespace: [database], name: 'as_carla' })).raw.summary).toMatchObject({ owner: 'carla' });
      await named.close();
    });
  });
});
