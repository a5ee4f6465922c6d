import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith, makeBucket } from '../lab/lab.js';
import { sparkClient } from '../lab/spark.js';
import { leaveUpload, listing, split, unfinished } from './buckets.js';
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
    // Fresh, since a base of the same table would leave nothing to do.
    const args = backupArgs(table, name, '--fresh', '--jobs', '2');
    await killAt(args, point * whole.backup);
    const listed = await bcn.run(['list', '--json']);
    expect(listed.exit).toBe(0);
    // A kill behind the commit may come before or after the run was marked as reported; its last request may still be under way.
    const complete = listed.stdout.includes(`"${name}"`);
    if (complete) await bcn.ok(['verify', name]);

    const again = await bcn.run([...args, '--json']);
    expect(again.exit, again.stderr + again.stdout).toSatisfy((exit) => exit === 0 || (complete && exit === 23));
    await bcn.ok(['verify', name, '--read-data']);
    await bcn.restore(name, `${database}.${name}`, `s3://warehouse/${database}/${name}`);
    expect(await count(`${database}.${name}`)).toBe(rows);
  });

  test.for(POINTS)('a restore killed at $0 of its time is continued by the same command', async (point) => {
    const name = `r${Math.round(point * 1e6)}`;
    const place = `${database}/${name}`;
    const args = restoreArgs('whole', `${database}.${name}`, `s3://warehouse/${place}`, '--jobs', '2');
    await killAt(args, point * whole.restore);
    const tables = (await spark.sql(`SHOW TABLES IN hms.${database}`)).rows.map(([, found]) => found);
    const registered = tables.includes(name);
    if (registered) expect(await count(`${database}.${name}`), 'a registered table is complete').toBe(rows);
    const held = Object.entries(await listing(lab, 'warehouse', `${place}/data/`));

    const again = await bcn.run([...args, '--json']);
    expect(again.exit, again.stderr + again.stdout).toSatisfy((exit) => exit === 0 || (registered && exit === 23));
    expect(await count(`${database}.${name}`)).toBe(rows);
    const after = await listing(lab, 'warehouse', `${place}/`);
    for (const [key, what] of held) expect(after[key], `${key} was kept`).toBe(what);
    expect(
      Object.keys(after).filter((key) => key.includes('.bcn-restore-')),
      'the claim is gone',
    ).toEqual([]);
  });

  describe('parts of a file that a crash left', () => {
    const big = `${database}.big`;
    const args = ['--jobs', '1'];
    /** The file that a copy may take in parts; its name is the last, so that a run begins with all others. */
    let file: { readonly bucket: string; readonly key: string };
    let content: string;

    beforeAll(async () => {
      await spark.run(
        `CREATE TABLE hms.${big} (id bigint, v string, p int) USING iceberg PARTITIONED BY (p)`,
        `INSERT INTO hms.${big} SELECT /*+ COALESCE(1) */ id, sha2(cast(rand() AS string), 512), 99 FROM range(0, 200000)`,
        `INSERT INTO hms.${big} SELECT id, 'small', cast(id AS int) FROM range(0, 60)`,
      );
      const { rows: found } = await spark.sql(
        `SELECT file_path FROM hms.${big}.files WHERE file_size_in_bytes >= 5 * 1024 * 1024`,
      );
      expect(found).toHaveLength(1);
      file = split(String(found[0]?.[0]));
      content = await count(big);
    });

    /** Kills a run as soon as a listing shows that it has begun. Undefined when it was at the big file, or done, by then. */
    async function killBegun(cli: Bcn, command: readonly string[], prefix: readonly [bucket: string, key: string], mark: RegExp) {
      const { child, ended } = cli.start(command);
      let over = false;
      void ended.then(() => {
        over = true;
      });
      let begun: string | undefined;
      while (!over && begun === undefined) {
        begun = Object.keys(await listing(lab, ...prefix)).find((key) => mark.test(key));
      }
      child.kill('SIGKILL');
      const { signal } = await ended;
      const name = file.key.slice(file.key.lastIndexOf('/'));
      const tooLate = Object.keys(await listing(lab, ...prefix)).some((key) => key.endsWith(name));
      return signal === 'SIGKILL' && !tooLate ? begun : undefined;
    }

    /** Tries with other names until a kill came in time. */
    async function inTime<T>(attempt: (n: number) => Promise<T | undefined>): Promise<T> {
      for (let n = 0; n < 8; n++) {
        const done = await attempt(n);
        if (done !== undefined) return done;
      }
      throw new Error('every run was over before it could be killed');
    }

    test('by a backup are aborted by the same command', async () => {
      // Not in the other one: no repository lies inside another.
      const apart = `${repository}-apart`;
      await makeBucket(lab, apart);
      const { cli, name, prefix, begun } = await inTime(async (n) => {
        // A repository of its own: a base would leave nothing to copy.
        const name = `parts${n}`;
        const own = new Bcn(lab, `${apart}/${name}`);
        const begun = await killBegun(own, backupArgs(big, name, ...args), [apart, `${name}/`], /\/begin\.json$/);
        return begun === undefined ? undefined : { cli: own, name, prefix: `${name}/`, begun };
      });
      const key = begun.replace('begin.json', `data/${file.bucket}/${file.key}`);
      await leaveUpload(lab, apart, key);
      expect(await unfinished(lab, apart, key)).toBe(1);

      await cli.backup(big, name, ...args);
      expect(await unfinished(lab, apart, key)).toBe(0);
      const keys = Object.keys(await listing(lab, apart, prefix));
      expect(keys, 'the run was continued').toContain(key);
      expect(keys.filter((found) => found.endsWith('/begin.json'))).toEqual([begun]);
      await cli.ok(['verify', name, '--read-data']);
    });

    test('by a restore are aborted by the same command', async () => {
      await bcn.backup(big, 'big');
      const { n, place } = await inTime(async (n) => {
        const place = `${database}/parts${n}/`;
        const command = restoreArgs('big', `${database}.parts${n}`, `s3://warehouse/${place}`, ...args);
        const begun = await killBegun(bcn, command, ['warehouse', place], /\/\.bcn-restore-/);
        return begun === undefined ? undefined : { n, place };
      });
      const key = place + file.key.slice(file.key.indexOf('/big/') + '/big/'.length);
      await leaveUpload(lab, 'warehouse', key);
      expect(await unfinished(lab, 'warehouse', key)).toBe(1);

      await bcn.restore('big', `${database}.parts${n}`, `s3://warehouse/${place}`, ...args);
      expect(await unfinished(lab, 'warehouse', key)).toBe(0);
      expect(Object.keys(await listing(lab, 'warehouse', place))).toContain(key);
      expect(await count(`${database}.parts${n}`)).toBe(content);
    });
  });
});
