import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, makeBucket } from '../lab/lab.js';
import { sparkClient } from '../lab/spark.js';
import { listing } from './buckets.js';
import { unique } from './support.js';

const SCRIPT = path.join(import.meta.dirname, '../../scripts/walkthrough.mjs');

interface Ran {
  readonly exit: number;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** The script as a user runs it, with these variables only. */
async function walk(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [SCRIPT, ...args], { env: { PATH: process.env.PATH ?? '', ...env }, stdio: 'pipe' });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [exit] = (await once(child, 'close')) as [number];
  return { exit, lines: stdout.trimEnd().split('\n'), stderr };
}

describeWith(['s3', 'hms', 'spark'], 'the walk-through', (lab) => {
  const spark = sparkClient(lab);
  const database = unique('walk');
  const repository = unique('repo').replace('_', '-');
  const env = {
    HOME: mkdtempSync(path.join(tmpdir(), 'bcn-home-')),
    S3_ENDPOINT: lab.s3.endpoint,
    S3_ACCESS_KEY: lab.s3.accessKey,
    S3_SECRET_KEY: lab.s3.secretKey,
    HIVE_METASTORE_URI: lab.hms.uri,
    BCN_TEST_SPARK_URL: lab.spark.url,
    BACKUP_BUCKET: repository,
  };
  const tables = async (): Promise<string[]> =>
    (await spark.sql(`SHOW TABLES IN hms.${database}`)).rows.map((row) => String(row[1]));

  beforeAll(() => makeBucket(lab, repository));
  afterAll(async () => {
    await spark.run(`DROP NAMESPACE IF EXISTS hms.${database} CASCADE`).catch(() => undefined);
  });

  test('a table goes and comes back; each command is shown before it runs', async () => {
    const { exit, lines, stderr } = await walk(env, '--database', database);
    expect(lines.at(-1), `${lines.join('\n')}\n${stderr}`).toBe('the restored table equals the source');
    expect(exit).toBe(0);
    const [source = ''] = /orders_\w{8}/.exec(lines.join('\n')) ?? [];
    const backup = source.replace('orders_', 'walkthrough-');
    const restored = `${source}_restored`;
    expect(lines.filter((line) => line.startsWith('$ '))).toEqual([
      `$ bcn backup --database ${database} --table ${source} --backup-name ${backup}`,
      '$ bcn list',
      `$ bcn show ${backup}`,
      `$ bcn verify ${backup}`,
      `$ bcn restore --backup-name ${backup} --target-database ${database} --target-table ${restored} ` +
        `--target-location s3://warehouse/restored/${database}/${restored} --catalog-type hive`,
      `$ bcn verify ${backup} --read-data`,
    ]);
    expect(lines).toContainEqual(expect.stringContaining('6 snapshots, 2 branches, 1 tag, 41 rows now'));
    expect(lines.join('\n')).not.toContain(lab.s3.secretKey);
    expect(await tables(), 'the source is gone, the restored table is there').toEqual([restored]);
    expect(await listing(lab, 'warehouse', `hive/${database}.db/${source}/data`)).toEqual({});
    const rows = (await spark.sql(`SELECT count(*) FROM hms.${database}.${restored}`)).rows;
    expect(rows, 'and one row was appended').toEqual([['42']]);
    await spark.run(`DROP TABLE hms.${database}.${restored} PURGE`);
  });

  test('a restored table that differs is found out', async () => {
    const meddler = await meddle(lab.spark.url, async (statement) => {
      const [, restored] = /FROM (hms\.\S+_restored)\.snapshots/.exec(statement) ?? [];
      if (restored) await spark.run(`DELETE FROM ${restored} WHERE id = 20`);
      return restored !== undefined;
    });
    const { exit, lines } = await walk({ ...env, BCN_TEST_SPARK_URL: meddler.url }, '--database', database, '--clean');
    meddler.server.close();
    expect(meddler.did()).toBe(true);
    expect(lines.at(-1)).toBe('the restored table differs from the source');
    expect(exit).toBe(1);
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^ {3}the table now: 1 row only in the source, 0 rows only in the restored table; the first: \["20",/,
      ),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^ {3}snapshot \d+: only the restored table has it$/));
    expect(await tables(), '--clean leaves no table').toEqual([]);
  });

  test('a command of bcn that fails ends it, with its reason', async () => {
    const { exit, lines, stderr } = await walk({ ...env, BACKUP_BUCKET: 'no-such-bucket-here' }, '--database', database);
    expect(stderr).toContain('bcn backup ended with 20');
    expect([exit, lines.some((line) => line.includes('DROP TABLE'))]).toEqual([1, false]);
    for (const table of await tables()) await spark.run(`DROP TABLE hms.${database}.${table} PURGE`);
  });

  test('without Spark, or with an option nobody knows', async () => {
    const alone = await walk({ ...env, BCN_TEST_SPARK_URL: 'http://127.0.0.1:1' });
    expect(alone).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('Start it: docker compose up --detach --wait; or npm run lab'),
    });
    expect(await walk(env, '--nope')).toMatchObject({ exit: 2, stderr: expect.stringContaining('usage: npm run walkthrough') });
  });
});

/** A proxy before Spark that hears every statement, and acts before Spark does; once it returned true, never again. */
async function meddle(url: string, act: (statement: string) => Promise<boolean>) {
  let done = false;
  const server: Server = createServer(async (request, response) => {
    const body = await textOf(request);
    if (!done && request.method === 'POST') done = await act((JSON.parse(body) as { readonly sql: string }).sql);
    const answer = await fetch(new URL(request.url ?? '/', url), { method: request.method, body: body || undefined });
    response.writeHead(answer.status).end(await answer.text());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, did: () => done };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}
