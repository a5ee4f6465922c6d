import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, makeBucket } from '../lab/lab.js';
import { sparkClient } from '../lab/spark.js';
import { listing } from './buckets.js';
import { Bcn, backupArgs, type Ran, restoreArgs, unique } from './support.js';

/** Random points of each third of a run, so that the three kills meet different phases. */
const POINTS = [0, 1, 2].map((third) => (third + Math.random()) / 3);

describeWith(['s3', 'hms', 'spark'], 'kill -9 at random points', (lab) => {
  const spark = sparkClient(lab);
  const database = unique('killed');
  const repository = unique('kill-repo').replaceAll('_', '-');
  const bcn = new Bcn(lab, repository);
  const table = `${database}.t`;
  /** How long whole runs take here, ms. */
  const whole = { backup: 0, restore: 0 };
  let rows: string;

  const count = async (name: string) =>
    JSON.stringify((await spark.sql(`SELECT count(*), sum(id), max(v) FROM hms.${name}`)).rows);
  const timed = async (work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };

  beforeAll(async () => {
    await makeBucket(lab, repository);
    await spark.run(
      `CREATE NAMESPACE hms.${database}`,
      `CREATE TABLE hms.${table} (id bigint, v string, p int) USING iceberg PARTITIONED BY (p)`,
      `INSERT INTO hms.${table} SELECT id, repeat(cast(id as string), 20), cast(id % 60 as int) FROM range(0, 6000)`,
      `INSERT INTO hms.${table} SELECT id, cast(id as string), cast(id % 60 as int) FROM range(6000, 9000)`,
    );
    rows = await count(table);
    whole.backup = await timed(() => bcn.backup(table, 'whole', '--jobs', '2'));
    whole.restore = await timed(() =>
      bcn.restore('whole', `${database}.whole`, `s3://warehouse/${database}/whole`, '--jobs', '2'),
    );
  });
  afterAll(async () => {
    await spark.run(`DROP NAMESPACE IF EXISTS hms.${database} CASCADE`).catch(() => undefined);
  });

  async function killAt(args: readonly string[], delay: number): Promise<Ran> {
    const { child, ended } = bcn.start(args);
    const first = await Promise.race([ended, sleep(delay)]);
    if (!first) child.kill('SIGKILL');
    return ended;
  }

  test.for(POINTS)('a backup killed at $0 of its time is continued by the same command', async (point) => {
    const name = `k${Math.round(point * 1e6)}`;
    const args = backupArgs(table, name, '--jobs', '2');
    const killed = await killAt(args, point * whole.backup);
    const listed = await bcn.run(['list', '--json']);
    expect(listed.exit).toBe(0);
    if (killed.signal === 'SIGKILL' && listed.stdout.includes(`"${name}"`)) await bcn.ok(['verify', name]);

    const again = await bcn.run([...args, '--json']);
    const finishedBefore = killed.exit === 0;
    expect(again.exit, again.stderr + again.stdout).toBe(finishedBefore ? 23 : 0);
    await bcn.ok(['verify', name, '--read-data']);
    await bcn.restore(name, `${database}.${name}`, `s3://warehouse/${database}/${name}`);
    expect(await count(`${database}.${name}`)).toBe(rows);
  });

  test.for(POINTS)('a restore killed at $0 of its time is continued by the same command', async (point) => {
    const name = `r${Math.round(point * 1e6)}`;
    const place = `${database}/${name}`;
    const args = restoreArgs('whole', `${database}.${name}`, `s3://warehouse/${place}`, '--jobs', '2');
    const killed = await killAt(args, point * whole.restore);
    const tables = (await spark.sql(`SHOW TABLES IN hms.${database}`)).rows.map(([, found]) => found);
    if (tables.includes(name)) expect(await count(`${database}.${name}`), 'a registered table is complete').toBe(rows);
    const held = Object.entries(await listing(lab, 'warehouse', `${place}/data/`));

    const again = await bcn.run([...args, '--json']);
    expect(again.exit, again.stderr + again.stdout).toBe(killed.exit === 0 ? 23 : 0);
    expect(await count(`${database}.${name}`)).toBe(rows);
    const after = await listing(lab, 'warehouse', `${place}/`);
    for (const [key, what] of held) expect(after[key], `${key} was kept`).toBe(what);
    expect(
      Object.keys(after).filter((key) => key.includes('.bcn-restore-')),
      'the claim is gone',
    ).toEqual([]);
  });
});
