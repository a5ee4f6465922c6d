import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prune } from '../../src/prune/prune.js';
import { createS3Store } from '../../src/storage/s3/s3-store.js';
import { describeWith, makeBucket } from '../lab/lab.js';
import { sparkClient } from '../lab/spark.js';
import { labConfig } from '../storage/s3/service.js';
import { listing, split } from './buckets.js';
import { Bcn, unique } from './support.js';

/** Times of a real store are whole seconds. */
const GRACE = 2000;

/** What a table is at the moment of a backup. */
interface Moment {
  readonly rows: readonly string[];
  /** By snapshot id. */
  readonly past: Readonly<Record<string, readonly string[]>>;
  /** Content files of all its snapshots: path → bytes. */
  readonly files: ReadonlyMap<string, number>;
}

describeWith(['s3', 'hms', 'spark'], 'four backups around appends, a compaction and an expiry', (lab) => {
  const spark = sparkClient(lab);
  const database = unique('moments');
  const bucket = unique('moments').replaceAll('_', '-');
  const bcn = new Bcn(lab, `${bucket}/nightly`);
  const table = `${database}.t`;
  const moments = new Map<string, Moment>();

  const rowsOf = async (query: string) => (await spark.sql(query)).rows.map((row) => JSON.stringify(row)).sort();

  async function momentOf(name: string): Promise<Omit<Moment, 'files'>> {
    const ids = (await spark.sql(`SELECT snapshot_id FROM hms.${name}.snapshots`)).rows.map(([id]) => String(id));
    const past: Record<string, readonly string[]> = {};
    for (const id of ids) past[id] = await rowsOf(`SELECT * FROM hms.${name} VERSION AS OF ${id}`);
    return { rows: await rowsOf(`SELECT * FROM hms.${name}`), past };
  }

  async function take(name: string): Promise<void> {
    const found = (await spark.sql(`SELECT file_path, file_size_in_bytes FROM hms.${table}.all_files`)).rows;
    moments.set(name, { ...(await momentOf(table)), files: new Map(found.map(([path, size]) => [String(path), Number(size)])) });
    await bcn.backup(table, name);
  }

  /** Bytes and number of all content that the repository holds. */
  async function stored() {
    const found = Object.entries(await listing(lab, bucket, 'nightly/runs/')).filter(([key]) =>
      /^nightly\/runs\/[^/]+\/data\//.test(key),
    );
    return { files: found.length, bytes: found.reduce((sum, [, told]) => sum + Number(told.split(' ').at(-1)), 0) };
  }

  /** What that must be: each file of these backups, once. */
  function distinct(...names: readonly string[]) {
    const all = new Map(names.flatMap((name) => [...(moments.get(name)?.files ?? [])]));
    return { files: all.size, bytes: [...all.values()].reduce((sum, size) => sum + size, 0) };
  }

  async function comesBack(name: string, as: string): Promise<void> {
    await bcn.ok(['verify', name, '--read-data']);
    await bcn.restore(name, `${database}.${as}`, `s3://warehouse/${database}-restored/${as}`);
    const { files: _, ...expected } = moments.get(name) as Moment;
    expect(await momentOf(`${database}.${as}`), name).toEqual(expected);
  }

  beforeAll(async () => {
    await makeBucket(lab, bucket);
    await spark.run(
      `CREATE NAMESPACE hms.${database}`,
      `CREATE TABLE hms.${table} (id bigint, v string) USING iceberg TBLPROPERTIES ('write.delete.mode'='merge-on-read')`,
      `INSERT INTO hms.${table} VALUES (1, 'one'), (2, 'two')`,
    );
    await take('b1');
    await spark.run(`INSERT INTO hms.${table} VALUES (3, 'three')`, `DELETE FROM hms.${table} WHERE id = 1`);
    await take('b2');
    await spark.run(
      `INSERT INTO hms.${table} VALUES (4, 'four')`,
      `CALL hms.system.rewrite_data_files(table => '${table}', options => map('rewrite-all','true'))`,
    );
    await take('b3');
    await spark.run(
      `CALL hms.system.expire_snapshots(table => '${table}', older_than => TIMESTAMP '2200-01-01 00:00:00', retain_last => 1)`,
    );
    await take('b4');
  });
  afterAll(async () => {
    await spark.run(`DROP NAMESPACE IF EXISTS hms.${database} CASCADE`).catch(() => undefined);
  });

  test('the source has lost what only the past needs; the repository holds each file once', async () => {
    expect(distinct('b4').files).toBeLessThan(distinct('b3').files);
    expect(await stored()).toEqual(distinct('b1', 'b2', 'b3', 'b4'));
    const { bytes, backups } = (await bcn.ok(['list'])) as { backups: number; bytes: { total: { stored: number } } };
    expect({ backups, bytes: bytes.total.stored }).toEqual({ backups: 4, bytes: distinct('b1', 'b2', 'b3', 'b4').bytes });
  });

  test('list, show, diff and cat tell the same, on a real store', async () => {
    const list = await bcn.run(['list', '--table', table]);
    expect([list.exit, list.stdout.split('\n').filter((line) => /^b\d /.test(line)).length]).toEqual([0, 4]);
    const shown = await bcn.run(['show', 'b2']);
    expect([shown.exit, shown.stderr]).toEqual([0, '']);
    for (const id of Object.keys(moments.get('b2')?.past ?? {})) expect(shown.stdout).toContain(id);
    const diff = async (from: string, to: string) => {
      const ran = await bcn.run(['diff', from, to, '--json']);
      expect(ran.exit, ran.stderr).toBe(0);
      const lines = ran.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      return { changed: lines.at(-1)?.changed, text: ran.stdout };
    };
    const added = await diff('b1', 'b2');
    expect(added.changed).toBe(1);
    for (const id of Object.keys(moments.get('b2')?.past ?? {}).filter((id) => !(id in (moments.get('b1')?.past ?? {}))))
      expect(added.text).toContain(id);
    expect((await diff('b3', 'b4')).changed).toBe(1);
    expect((await diff('b4', 'live')).changed).toBe(0);
    const cat = await bcn.run(['cat', 'b3', 'metadata']);
    expect(JSON.parse(cat.stdout)).toMatchObject({ location: 'bcn-root:', 'format-version': 2 });
    // One line for each manifest that names a file.
    const inventory = (await bcn.run(['cat', 'b3', 'inventory'])).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).key);
    expect(new Set(inventory).size).toBe(distinct('b3').files);
  });

  test('each comes back as of its own moment', async () => {
    for (const name of moments.keys()) await comesBack(name, `of_${name}`);
  });

  test('after two are deleted and pruned the others are whole, and what they hold is all there is', async () => {
    await bcn.ok(['delete', 'b1', 'b3']);
    // They are young.
    expect(await bcn.ok(['prune'])).toMatchObject({ purged: [] });
    expect(await stored()).toEqual(distinct('b1', 'b2', 'b3', 'b4'));
    await sleep(GRACE + 1500);
    const report = { progress: () => {}, warn: () => {}, info: () => {} };
    const repository = { store: createS3Store(labConfig(lab), bucket), prefix: 'nightly/' };
    const { backups } = await prune({ repository, report }, { dryRun: false, tmpDir: tmpdir(), grace: GRACE });
    expect([...backups].sort()).toEqual(['b1', 'b3']);
    expect(await stored()).toEqual(distinct('b2', 'b4'));
    expect((await bcn.run(['show', 'b1'])).exit).toBe(20);
    for (const name of ['b2', 'b4']) await comesBack(name, `later_${name}`);
    // The source was never written.
    const [path = ''] = moments.get('b4')?.files.keys() ?? [];
    const place = split(path);
    expect(Object.keys(await listing(lab, place.bucket, place.key))).toEqual([place.key]);
  });
});
