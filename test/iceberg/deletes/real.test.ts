/** What real engines say of rewritten files: Spark (Iceberg's reader, and its own for Parquet) and pyarrow. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DeleteFacts } from '../../../src/iceberg/deletes/facts.js';
import { FILE_PATH, POS } from '../../../src/iceberg/deletes/facts.js';
import { type ManifestEntry, readManifest, rewriteManifest } from '../../../src/iceberg/manifest.js';
import { rewriteManifestList } from '../../../src/iceberg/manifest-list.js';
import { readMetadata } from '../../../src/iceberg/metadata.js';
import { rewriteMetadata } from '../../../src/iceberg/rewrite-metadata.js';
import { describeWith } from '../../lab/lab.js';
import { pyicebergClient } from '../../lab/pyiceberg.js';
import { sparkClient } from '../../lab/spark.js';
import { expectedRows, fixture, fixtures, readRows, rewrite } from './support.js';

const move = (path: string) => path.replace(/^s3:\/\/(b\/t|warehouse\/delete files\/naïve)\//, 's3://elsewhere/ü/table/');
/** What becomes Parquet. */
const parquet = fixtures.filter((name) => !name.endsWith('.avro'));

describeWith(['pyiceberg'], 'pyarrow', (lab) => {
  const pyiceberg = pyicebergClient(lab);

  test.each(parquet)('reads %s: rows, field ids, statistics, places', async (name) => {
    const { bytes, facts } = await rewrite(fixture(name), { path: move });
    const file = await pyiceberg.readParquet(bytes);
    const at = file.columns.findIndex(({ field_id }) => field_id === String(FILE_PATH));
    const rows = expectedRows(name).map(([path, pos]) => [move(path), String(pos)]);
    expect(file.rows).toEqual(at === 0 ? rows : rows.map((row) => row.toReversed()));
    expect(file.columns[at]).toMatchObject({ required: true, physical: 'BYTE_ARRAY', logical: 'String' });
    expect(file.columns[1 - at]).toMatchObject({ field_id: String(POS), required: true, physical: 'INT64', logical: 'None' });
    expect(file.groups.map((chunks) => Number(chunks[0]?.start))).toEqual(facts.splitOffsets);
    for (const chunks of file.groups)
      expect(chunks[at]).toMatchObject({ min: facts.paths?.lower, max: facts.paths?.upper, nulls: '0' });
    const size = file.groups.reduce((sum, chunks) => sum + Number(chunks[at]?.size), 0);
    expect(facts.columnSizes?.get(FILE_PATH)).toBe(size);
  });
});

describeWith(['spark'], 'Spark, by its own reader of Parquet,', (lab) => {
  const spark = sparkClient(lab);
  const folder = mkdtempSync(join(tmpdir(), 'bcn-deletes-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('reads all files', { timeout: 300_000 }, async () => {
    // The columns of one have other names.
    const names = parquet.filter((name) => name !== 'odd-names.parquet');
    for (const name of names)
      writeFileSync(join(folder, `${name}.parquet`), (await rewrite(fixture(name), { path: move })).bytes);
    const { rows } = await spark.sql(`SELECT _metadata.file_name, file_path, pos FROM parquet.\`file:${folder}\``);
    for (const name of names) {
      const found = rows.filter(([file]) => file === `${name}.parquet`).map(([, path, pos]) => [path, pos]);
      expect(found, name).toEqual(expectedRows(name).map(([path, pos]) => [move(path), String(pos)]));
    }
  });
});

/** Hadoop's catalog writes `file:///a` for the location of a table and `file:/a` for its files. */
const localOf = (uri: string) => uri.replace(/^file:(\/\/)?\//, '/');

/** Name, format of deletes, their granularity, whether data lies under two roots. */
const KINDS = [
  ['parquet, one data file each', 'parquet', 'file', false],
  ['parquet, many data files each', 'parquet', 'partition', false],
  ['parquet, data under two roots', 'parquet', 'partition', true],
  ['avro, many data files each', 'avro', 'partition', false],
  ['avro, data under two roots', 'avro', 'partition', true],
  ['orc, many data files each', 'orc', 'partition', false],
  ['orc, data under two roots', 'orc', 'partition', true],
] as const;

const nameOf = (kind: string) => kind.replaceAll(/\W+/g, '_');

describeWith(['spark', 'pyiceberg'], 'a moved table of format version 2', (lab) => {
  const spark = sparkClient(lab);
  const pyiceberg = pyicebergClient(lab);
  const space = `deletes_${randomBytes(4).toString('hex')}`;
  const home = mkdtempSync(join(tmpdir(), 'bcn deletes-'));
  beforeAll(() => spark.run(`CREATE NAMESPACE path.${space}`));
  afterAll(async () => {
    rmSync(home, { recursive: true, force: true });
    for (const [kind] of KINDS) await spark.run(`DROP TABLE IF EXISTS path.${space}.${nameOf(kind)} PURGE`);
    await spark.run(`DROP NAMESPACE IF EXISTS path.${space}`);
  });

  test.each(KINDS)(
    '%s: Spark and pyiceberg read the rows of every snapshot, the source being gone',
    { timeout: 300_000 },
    async (kind, format, granularity, roots) => {
      const name = nameOf(kind);
      const table = `path.${space}.${name}`;
      const second = join(home, name, 'A second root');
      await spark.run(
        `CREATE TABLE ${table} (id bigint, p string) USING iceberg TBLPROPERTIES ('format-version' = '2', 'write.delete.mode' = 'merge-on-read',
         'write.update.mode' = 'merge-on-read', 'write.delete.format.default' = '${format}', 'write.delete.granularity' = '${granularity}')`,
        `INSERT INTO ${table} SELECT id, 'a' FROM range(0, 400)`,
        ...(roots ? [`ALTER TABLE ${table} SET TBLPROPERTIES ('write.data.path' = 'file:${second}')`] : []),
        `INSERT INTO ${table} SELECT id, 'b' FROM range(400, 800)`,
        `DELETE FROM ${table} WHERE id % 7 = 1`,
        `UPDATE ${table} SET p = 'c' WHERE id % 11 = 2`,
        `DELETE FROM ${table} WHERE id % 13 = 3`,
      );
      const from = fileURLToPath(`${await spark.warehouse()}/${space}/${name}`);
      const versions = readdirSync(join(from, 'metadata')).filter((name) => name.endsWith('.metadata.json'));
      const expected = await snapshotRows(`file:${from}/metadata/v${versions.length}.metadata.json`);
      expect(expected.map(({ count }) => count)).toEqual(['400', '800', '685', '685', '632']);

      const to = join(home, name, 'moved ü');
      // A root inside of the first root's own data folder, between files of it.
      const moved = await moveTable(
        [
          [from, to],
          [second, join(to, 'data/00000-2')],
        ],
        join(from, 'metadata'),
      );
      await spark.run(`DROP TABLE ${table} PURGE`);
      rmSync(second, { recursive: true, force: true });
      expect(await snapshotRows(moved)).toEqual(expected);
      // pyiceberg reads no deletes in Avro.
      if (format !== 'avro')
        for (const [i, { id }] of readMetadata(readFileSync(localOf(moved)), moved).snapshots.entries()) {
          const { rows } = await pyiceberg.scanStatic(moved, {}, id);
          expect([...rows].sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual(expected[i]?.rows);
        }
      const both: string[] = [];
      for (const file of readdirSync(to, { recursive: true, encoding: 'utf8' })) {
        if (!/-deletes\.\w+$/.test(file)) continue;
        const rows = await readRows(readFileSync(join(to, file)));
        const paths = rows.map(([path]) => Buffer.from(path));
        expect(paths.every((path, i) => i === 0 || Buffer.compare(paths[i - 1] as Buffer, path) <= 0)).toBe(true);
        for (const [path] of rows) expect(statSync(localOf(path)).isFile()).toBe(true);
        if (new Set(rows.map(([path]) => path.includes('/data/00000-2/'))).size === 2) both.push(file);
      }
      expect(both.length > 0).toBe(roots);
    },
  );

  async function snapshotRows(metadata: string) {
    const { snapshots } = readMetadata(readFileSync(localOf(metadata)), metadata);
    const found = [];
    for (const { id } of snapshots) {
      const { count, rows } = await spark.read(metadata, { snapshotId: id });
      found.push({ count, rows: [...rows].sort((a, b) => Number(a[0]) - Number(b[0])) });
    }
    return found;
  }
});

/** Moves all files of a table, leaf to root; gives the new path of its newest metadata. */
async function moveTable(roots: readonly (readonly [string, string])[], metadata: string): Promise<string> {
  const place = (old: string) => {
    const local = localOf(old);
    const root = roots.find(([from]) => local === from || local.startsWith(`${from}/`));
    if (root === undefined) throw new Error(`not mapped: ${old}`);
    return root[1] + local.slice(root[0].length);
  };
  const path = (old: string) => `file:${place(old)}`.replace(/-deletes\.orc$/, '-deletes.parquet');
  const sizes = new Map<string, number>();
  const write = (old: string, bytes: Buffer) => {
    mkdirSync(dirname(place(old)), { recursive: true });
    writeFileSync(localOf(path(old)), bytes);
    sizes.set(localOf(old), bytes.length);
  };
  const files = (pattern: RegExp) =>
    readdirSync(metadata)
      .filter((name) => pattern.test(name))
      .map((name) => join(metadata, name));
  const entries = new Map<string, ManifestEntry>();
  for (const name of files(/-m\d+\.avro$/))
    await readManifest(readFileSync(name), name, (entry) => void (entry.status === 2 || entries.set(entry.path, entry)));
  const facts = new Map<string, DeleteFacts>();
  for (const entry of entries.values()) {
    const bytes = readFileSync(localOf(entry.path));
    if (entry.content !== 1) write(entry.path, bytes);
    else {
      const rewritten = await rewrite(bytes, { path });
      expect(rewritten.facts.recordCount).toBe(Number(entry.recordCount));
      facts.set(entry.path, rewritten.facts);
      write(entry.path, rewritten.bytes);
    }
  }
  expect(facts.size).toBeGreaterThan(2);
  for (const name of files(/-m\d+\.avro$/)) {
    const bounds = (_: unknown, file: string) => facts.get(file)?.paths;
    write(name, await rewriteManifest(readFileSync(name), name, { path, rewritten: (old) => facts.get(old), bounds }));
  }
  const length = (old: string) => sizes.get(localOf(old)) as number;
  for (const name of files(/snap-.*\.avro$/)) write(name, await rewriteManifestList(readFileSync(name), name, { path, length }));
  const versions = files(/\.metadata\.json$/);
  for (const name of versions) write(name, rewriteMetadata(readFileSync(name), name, { path }).bytes);
  return path(join(metadata, `v${versions.length}.metadata.json`));
}
