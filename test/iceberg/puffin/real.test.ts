import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { type ManifestEntry, readManifest, rewriteManifest } from '../../../src/iceberg/manifest.js';
import { rewriteManifestList } from '../../../src/iceberg/manifest-list.js';
import { readMetadata } from '../../../src/iceberg/metadata.js';
import { vectorChecker } from '../../../src/iceberg/puffin/check.js';
import { readPuffin } from '../../../src/iceberg/puffin/file.js';
import { locateFooter } from '../../../src/iceberg/puffin/locate.js';
import { rewriteFooter } from '../../../src/iceberg/puffin/rewrite.js';
import { checkVector } from '../../../src/iceberg/puffin/vector.js';
import { rewriteMetadata } from '../../../src/iceberg/rewrite-metadata.js';
import { describeWith } from '../../lab/lab.js';
import { pyicebergClient } from '../../lab/pyiceberg.js';
import { sparkClient } from '../../lab/spark.js';
import { frame, puffin } from './support.js';

const openPuffin = (path: string, bytes: Buffer) =>
  readPuffin(path, bytes.length, async (start, end) => bytes.subarray(start, end));

/** The local path of a `file:` URI. Hadoop's catalog writes `file:///a` for the location of a table and `file:/a` for its files. */
const localOf = (uri: string) => uri.replace(/^file:(\/\/)?\//, '/');

/** The same file with its footer in an LZ4 frame, which neither Spark nor pyiceberg reads. */
function pack(bytes: Buffer): Buffer {
  const start = locateFooter('f', bytes.length, bytes, bytes) as number;
  return puffin({ body: bytes.subarray(4, start), payload: frame(bytes.subarray(start + 4, -12)), flags: 1 });
}

/** Moves all files of a table, leaf to root; gives the new path of its newest metadata. */
async function moveTable(from: string, to: string, prepare: (puffin: Buffer) => Buffer): Promise<string> {
  const path = (old: string) => {
    const local = localOf(old);
    if (local !== from && !local.startsWith(`${from}/`)) throw new Error(`not mapped: ${old}`);
    return `file:${to}${local.slice(from.length)}`;
  };
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(from, name)).isFile());
  const sizes = new Map<string, number>();
  const write = (name: string, bytes: Buffer) => {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    writeFileSync(join(to, name), bytes);
    sizes.set(join(from, name), bytes.length);
  };
  const each = async (pattern: RegExp, work: (bytes: Buffer, name: string) => Promise<Buffer> | Buffer) => {
    for (const name of files.filter((file) => pattern.test(file))) write(name, await work(readFileSync(join(from, name)), name));
  };
  const sizeOf = (old: string) => sizes.get(localOf(old)) as number;
  await each(/\.parquet$/, (bytes) => bytes);
  await each(/\.puffin$/, async (source, name) => {
    const bytes = prepare(source);
    const found = await openPuffin(name, bytes);
    if (found.kind === 'raw') throw new Error(`${name} has no footer`);
    return Buffer.concat([bytes.subarray(0, found.footer.start), rewriteFooter(found.footer, path).bytes]);
  });
  await each(/-m\d+\.avro$/, (bytes, name) =>
    rewriteManifest(bytes, name, { path, rewritten: (old) => (old.endsWith('.puffin') ? { size: sizeOf(old) } : undefined) }),
  );
  await each(/snap-.*\.avro$/, (bytes, name) => rewriteManifestList(bytes, name, { path, length: sizeOf }));
  await each(/\.metadata\.json$/, (bytes, name) => rewriteMetadata(bytes, name, { path }).bytes);
  const newest = files
    .filter((file) => file.endsWith('.metadata.json'))
    .sort((a, b) => Number(a.match(/v(\d+)\./)?.[1]) - Number(b.match(/v(\d+)\./)?.[1]))
    .at(-1);
  return `file:${to}/${newest}`;
}

describeWith(['spark', 'pyiceberg'], 'a moved table with deletion vectors', (lab) => {
  const spark = sparkClient(lab);
  const pyiceberg = pyicebergClient(lab);
  const space = `puffin_${randomBytes(4).toString('hex')}`;
  const target = mkdtempSync(join(tmpdir(), 'bcn puffin ü-'));

  afterAll(async () => {
    rmSync(target, { recursive: true, force: true });
    await spark.run(`DROP TABLE IF EXISTS path.${space}.t PURGE`, `DROP NAMESPACE IF EXISTS path.${space}`);
  });

  test('Spark and pyiceberg read the rows of every snapshot, the source being gone', { timeout: 300_000 }, async () => {
    const table = `path.${space}.t`;
    const rows = (start: number) => `INSERT INTO ${table} SELECT /*+ COALESCE(1) */ id FROM range(${start}, ${start + 10})`;
    await spark.run(
      `CREATE NAMESPACE path.${space}`,
      `CREATE TABLE ${table} (id bigint) USING iceberg TBLPROPERTIES ('format-version' = '3', 'write.delete.mode' = 'merge-on-read')`,
      ...[0, 10, 20].map(rows),
      `DELETE FROM ${table} WHERE id % 4 = 1`,
      rows(30),
      `DELETE FROM ${table} WHERE id % 5 = 0`,
    );
    const from = fileURLToPath(`${await spark.warehouse()}/${space}/t`);
    const versions = readdirSync(join(from, 'metadata')).filter((name) => name.endsWith('.metadata.json'));
    const expected = await snapshotRows(`file:${from}/metadata/v${versions.length}.metadata.json`);
    expect(expected.map(({ count }) => count)).toEqual(['10', '20', '30', '22', '32', '26']);

    const moved = [
      await moveTable(from, join(target, 'plain'), (bytes) => bytes),
      await moveTable(from, join(target, 'packed'), pack),
    ];
    await spark.run(`DROP TABLE ${table} PURGE`);
    expect(() => readdirSync(join(from, 'data'))).toThrow('ENOENT');
    for (const metadata of moved) {
      expect(await snapshotRows(metadata)).toEqual(expected);
      const { snapshots } = readMetadata(readFileSync(localOf(metadata)), metadata);
      for (const [i, { id }] of snapshots.entries()) {
        const found = await pyiceberg.scanStatic(metadata, {}, id);
        const numbers = (list: readonly (readonly unknown[])[]) => list.map(([n]) => Number(n)).sort((a, b) => a - b);
        expect(numbers(found.rows)).toEqual(numbers(expected[i]?.rows ?? []));
      }
    }
    const files = readdirSync(target, { recursive: true, encoding: 'utf8' });
    for (const name of files.filter((file) => /\.(puffin|json)$/.test(file)))
      expect(readFileSync(join(target, name)).includes(from)).toBe(false);
    await checkVectors(files.filter((name) => /-m\d+\.avro$/.test(name)));
  });

  /** Every entry of a deletion vector agrees with its file. */
  async function checkVectors(manifests: readonly string[]): Promise<void> {
    const entries: ManifestEntry[] = [];
    for (const name of manifests) await readManifest(readFileSync(join(target, name)), name, (entry) => entries.push(entry));
    const vectors = entries.filter(({ format }) => format.toLowerCase() === 'puffin');
    const perFile = new Map<string, number>();
    for (const entry of vectors) {
      const bytes = readFileSync(localOf(entry.path));
      expect(entry.size).toBe(bytes.length);
      expect(vectorChecker(await openPuffin(entry.path, bytes))(entry)).toEqual([]);
      const start = Number(entry.contentOffset);
      expect(checkVector(bytes.subarray(start, start + Number(entry.contentSize)))).toBeUndefined();
      perFile.set(entry.path, (perFile.get(entry.path) ?? 0) + 1);
    }
    expect(Math.max(...perFile.values())).toBeGreaterThan(2);
  }

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
