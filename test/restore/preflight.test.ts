import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHiveCatalog } from '../../src/catalog/hive/hive-catalog.js';
import { hiveTable } from '../../src/catalog/hive/hive-table.js';
import { rehearsalEntry, rehearsalOf } from '../../src/catalog/hive/rehearsal-entry.js';
import type { Catalog } from '../../src/catalog/port.js';
import type { ErrorCode } from '../../src/errors.js';
import type { RestoreOptions } from '../../src/restore/options.js';
import { createS3Store } from '../../src/storage/s3/s3-store.js';
import { HiveLab, SERVERS } from '../catalog/hive/lab.js';
import { tableMetadata } from '../catalog/table-metadata.js';
import { describeWith } from '../lab/lab.js';
import { freshBucket, labConfig } from '../storage/s3/service.js';
import { Faults } from '../support/faults.js';
import type { TableOptions } from '../support/table.js';
import { failure } from '../support/world.js';
import { RealTarget } from './real-target.js';

const SLOW = { timeout: 180_000 };
const column = (changes: object) => ({ id: 1, name: 'c', required: false, type: 'int', ...changes });
const FREE = `bcn_${randomBytes(4).toString('hex')}`;

/** All that can make the registration fail at the end is found before the first copy, with the fix, and nothing stays. */
describe.each(SERVERS)('Hive Metastore $name', ({ part }) => {
  describeWith(['s3', 'versitygw', part], 'refuses before the first copy', (parts) => {
    const { uri } = parts[part];
    const database = `${FREE}_${part}`;
    const missing = `${database}_new`;
    const lab = new HiveLab(uri);
    let catalog: Catalog;
    let bucket: string;
    let elsewhere: string;

    beforeAll(async () => {
      [bucket, elsewhere] = [await freshBucket(parts), await freshBucket({ s3: parts.versitygw })];
      await lab.createDatabase(database, `s3a://${bucket}/${database}.db`);
      catalog = createHiveCatalog({ uri });
    }, 60_000);

    afterAll(async () => {
      await catalog.close();
      await lab.dropDatabase(database);
      lab.close();
    }, 60_000);

    const open = (name: string) => createS3Store(labConfig(name === elsewhere ? { s3: parts.versitygw } : parts), name);
    const made = (options: TableOptions = {}) => RealTarget.with(options, catalog, open);
    const into = (name: string, more: Partial<RestoreOptions> = {}) => ({
      target: { namespace: [database], name },
      targetLocation: `s3a://${bucket}/${name}`,
      ...more,
    });

    async function keys(name: string): Promise<string[]> {
      const found: string[] = [];
      for await (const { objects } of open(name).list('')) found.push(...objects.map(({ key }) => key));
      // The metastore leaves empty objects for the folders that it was asked about.
      return found.filter((key) => !key.endsWith('/'));
    }
    const state = async () => ({
      databases: (await lab.client.getAllDatabases({})).filter((name) => name.startsWith(FREE)).toSorted(),
      tables: (await lab.client.getAllTables(database, {})).toSorted(),
      objects: [await keys(bucket), await keys(elsewhere)],
    });

    /** Refused by the plan already where it can be (`asked` = by what only a write finds out), and nothing anywhere has changed. */
    async function refused(
      from: RealTarget,
      options: ReturnType<typeof into>,
      expected: {
        readonly code: ErrorCode;
        readonly exit: number;
        readonly says: RegExp;
        readonly fix: RegExp;
        readonly asked?: true;
      },
    ): Promise<void> {
      const before = await state();
      const { code, exit, says, fix, asked } = expected;
      if (asked) expect(await from.restore({ ...options, dryRun: true })).toMatchObject({ outcome: 'planned' });
      for (const dryRun of asked ? [false] : [true, false]) {
        const faults = new Faults();
        const error = await failure(from.restore({ ...options, dryRun }, faults), code);
        expect(error).toMatchObject({ exit, message: expect.stringMatching(says), hint: expect.stringMatching(fix) });
        expect(faults.done('copy', 'upload')).toEqual([]);
        if (!asked) expect(faults.done('create', 'delete')).toEqual([]);
      }
      expect(await state()).toEqual(before);
    }

    test('a database that is missing; it is made when told to, and goes again when the table is refused', SLOW, async () => {
      const from = await made();
      const options = into('t', { target: { namespace: [missing], name: 't' } });
      const says = new RegExp(`Database "${missing}" not found`);
      await refused(from, options, {
        code: 'namespace-not-found',
        exit: 20,
        says,
        fix: /To have it made, add --create-database/,
      });

      const plan = await from.restore({ ...options, createNamespace: true, dryRun: true });
      expect(plan).toMatchObject({ outcome: 'planned', plan: { createsNamespace: missing } });
      expect((await state()).databases).not.toContain(missing);
      const nowhere = { ...options, targetLocation: `s3a://${elsewhere}/t`, createNamespace: true };
      await refused(from, nowhere, {
        code: 'config',
        exit: 2,
        says: /cannot reach the location/,
        fix: /fs\.s3a\.endpoint/,
        asked: true,
      });

      try {
        expect(await from.restore({ ...options, createNamespace: true })).toMatchObject({ outcome: 'restored' });
        expect(await lab.client.getAllTables(missing, {})).toEqual(['t']);
        const again = into('t2', { target: { namespace: [missing], name: 't2' }, createNamespace: true });
        expect((await from.restore(again)).plan).not.toHaveProperty('createsNamespace');
      } finally {
        await lab.dropDatabase(missing);
      }
    });

    test('a name that is taken, names that not every server takes', SLOW, async () => {
      const from = await made();
      await from.restore(into('taken'));
      const other = into('taken', { targetLocation: `s3a://${bucket}/other` });
      await refused(from, other, { code: 'table-exists', exit: 23, says: /taken/, fix: /--target-table/ });
      const odd = into('odd', { target: { namespace: [database], name: 'a-b' } });
      await refused(from, odd, { code: 'unsupported', exit: 22, says: /"a-b"/, fix: /--target-table/ });
      const away = into('away', { target: { namespace: [`${missing}-x`], name: 't' }, createNamespace: true });
      await refused(from, away, { code: 'unsupported', exit: 22, says: /database name/, fix: /--target-database/ });
    });

    test.each<[string, unknown]>([
      ...['timestamp_ns', 'timestamptz_ns', 'geometry', 'geography', 'unknown', 'variant'].map(
        (type) => [type, type] as [string, string],
      ),
      ['variant', { type: 'struct', fields: [{ id: 2, name: 'f', required: false, type: 'variant' }] }],
      ['geometry', { type: 'list', 'element-id': 2, element: 'geometry', 'element-required': false }],
      [
        'timestamp_ns',
        { type: 'map', 'key-id': 2, key: 'string', 'value-id': 3, value: 'timestamp_ns', 'value-required': false },
      ],
    ])('the type %s, of %j', SLOW, async (name, type) => {
      const from = await made({ formatVersion: 3, fields: [column({ type })] });
      const says = new RegExp(`Column "c.*the type ${name}`);
      await refused(from, into('typed'), { code: 'unsupported', exit: 22, says, fix: /--catalog-type path/ });
    });

    test.each<[string, TableOptions, RegExp, RegExp]>([
      ['a property', { properties: { ['k'.repeat(257)]: 'v' } }, /"kkk.*257 characters.*256/, /Remove the property/],
      ['a column', { fields: [column({ name: 'c'.repeat(768) })] }, /"ccc.*768 characters.*767/, /Rename the column/],
      ['a comment', { fields: [column({ doc: 'd'.repeat(4001) })] }, /column "c".*4001 characters.*4000/, /Shorten the comment/],
      ['two columns', { fields: [column({}), column({ id: 2, name: 'C' })] }, /"c" and "C" are one/, /rename one/],
    ])('%s that its database cannot hold', SLOW, async (_what, options, says, fix) => {
      await refused(await made(options), into('long'), { code: 'unsupported', exit: 22, says, fix });
    });

    test('and holds what is as long as can be', SLOW, async () => {
      const properties = { ['k'.repeat(256)]: 'v'.repeat(100_000) };
      const from = await made({ properties, fields: [column({ name: 'c'.repeat(767), doc: 'd'.repeat(4000) })] });
      expect(await from.restore(into('longest'))).toMatchObject({ outcome: 'restored' });
      expect(await lab.client.getAllTables(database, {})).toContain('longest');
    });

    test('a scheme that the metastore has no file system for', SLOW, async () => {
      const options = into('n', { targetLocation: `s3n://${bucket}/n` });
      const says = /cannot reach the location s3n:.*No FileSystem for scheme/;
      await refused(await made(), options, { code: 'config', exit: 2, says, fix: /--target-location s3a:/, asked: true });
    });

    test('a bucket that the metastore does not see, since it looks at another store', SLOW, async () => {
      const options = into('e', { targetLocation: `s3a://${elsewhere}/e` });
      const says = new RegExp(`cannot reach the location s3a://${elsewhere}/e.*UnknownStore`);
      await refused(await made(), options, { code: 'config', exit: 2, says, fix: /fs\.s3a\.endpoint/, asked: true });
    });

    test('text that the database behind it cannot hold, where that is so', SLOW, async () => {
      const from = await made({ properties: { nul: 'a\0b' } });
      const held = part !== 'hms401';
      if (held) expect(await from.restore(into('nul'))).toMatchObject({ outcome: 'restored' });
      const says = /cannot hold the entry.*invalid byte sequence/;
      if (!held)
        await refused(from, into('nul'), { code: 'unsupported', exit: 22, says, fix: /--catalog-type path/, asked: true });
    });

    test.each(['gs://bucket/t', 's3a://bcn-no-such-bucket/t', 'file:///proc/bcn/t', 'hdfs://bcn-no-such-host:1/t'])(
      'its own file system fails at %s: rehearsed as it would be registered, and nothing stays',
      SLOW,
      async (location) => {
        const before = await state();
        const ident = { namespace: [database], name: 'never' };
        const registration = {
          ident,
          metadataLocation: `${location}/metadata/0.metadata.json`,
          metadata: tableMetadata({ location }),
        };
        const rehearsed = await failure(catalog.rehearse(registration), 'config');
        expect(rehearsed).toMatchObject({ exit: 2, object: location, table: `${database}.never`, hint: expect.any(String) });
        const registered = await failure(catalog.register(registration), 'config');
        const plain = ({ message }: Error) => message.replace(/Request ID: .*/, '');
        expect([plain(rehearsed), rehearsed.hint]).toEqual([plain(registered), registered.hint]);
        expect(await state()).toEqual(before);
      },
    );

    test('killed between the two halves of a rehearsal: the same command goes on, and so does --abort', SLOW, async () => {
      const ident = { namespace: [database], name: 'killed' };
      const location = `s3a://${bucket}/killed`;
      const registration = {
        ident,
        metadataLocation: `${location}/metadata/0.metadata.json`,
        metadata: tableMetadata({ location }),
      };
      const own = rehearsalOf(ident).name;
      const die = () => lab.createTable(rehearsalEntry(hiveTable(registration, undefined, Date.now()), own, 'dead'));
      const from = await made();
      await die();
      expect(await catalog.findAt(location)).toBeUndefined();
      const copies = new Faults();
      await from.restore(into('killed'), copies).catch(() => {});
      expect(await lab.client.getAllTables(database, {})).toContain('killed');
      expect(await lab.client.getAllTables(database, {})).not.toContain(own);

      await lab.dropTable(database, 'killed');
      // An attempt that claimed the target and died, then one that was killed in its rehearsal.
      const at = copies.log.findIndex(({ op }) => op === 'copy' || op === 'upload');
      const elsewhereNow = into('killed', { targetLocation: `s3a://${bucket}/killed2` });
      await from.restore(elsewhereNow, new Faults('crash-before', at)).catch(() => {});
      await die();
      await from.abort(elsewhereNow);
      expect((await state()).tables).not.toContain(own);
      expect((await keys(bucket)).filter((key) => key.startsWith('killed2/'))).toEqual([]);
    });
  });
});
