import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LabWith } from '../lab/lab.js';
import type { Cell } from '../lab/post.js';
import { hiveProperties, pyicebergClient } from '../lab/pyiceberg.js';
import { sparkClient } from '../lab/spark.js';

export type Parts = 's3' | 'hms' | 'spark' | 'pyiceberg';

const BIN = join(import.meta.dirname, '../../bin/bcn.js');

/** A name no other test uses. */
export const unique = (stem: string): string => `${stem}_${randomBytes(4).toString('hex')}`;

export interface Ran {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real CLI, as a user runs it: no variable of this process but the path and what is given. */
export class Bcn {
  readonly env: Readonly<Record<string, string>>;

  constructor(lab: LabWith<'s3' | 'hms'>, repository: string, more: Readonly<Record<string, string>> = {}) {
    this.env = {
      PATH: process.env.PATH ?? '',
      HOME: mkdtempSync(join(tmpdir(), 'bcn-home-')),
      S3_ENDPOINT: lab.s3.endpoint,
      S3_ACCESS_KEY: lab.s3.accessKey,
      S3_SECRET_KEY: lab.s3.secretKey,
      HIVE_METASTORE_URI: lab.hms.uri,
      BACKUP_BUCKET: repository,
      WAREHOUSE_BUCKET: 'warehouse',
      ...more,
    };
  }

  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): { readonly child: ChildProcess; readonly ended: Promise<Ran> } {
    const child = spawn(process.execPath, [BIN, ...args], { env: { ...this.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const out: string[] = [];
    const err: string[] = [];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => out.push(text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => err.push(text));
    const ended = new Promise<Ran>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exit, signal) => resolve({ exit, signal, stdout: out.join(''), stderr: err.join('') }));
    });
    return { child, ended };
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return this.start(args, env).ended;
  }

  /** Runs and expects success; the last line of --json, the summary. */
  async ok(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>> {
    const ran = await this.run([...args, '--json'], env);
    if (ran.exit !== 0)
      throw new Error(`bcn ${args.join(' ')} ended with ${ran.exit ?? ran.signal}\n${ran.stdout}\n${ran.stderr}`);
    return summary(ran);
  }

  backup(table: string, name: string, ...more: readonly string[]): Promise<Record<string, unknown>> {
    return this.ok(backupArgs(table, name, ...more));
  }

  restore(name: string, table: string, location: string, ...more: readonly string[]): Promise<Record<string, unknown>> {
    return this.ok(restoreArgs(name, table, location, ...more));
  }
}

export function backupArgs(table: string, name: string, ...more: readonly string[]): string[] {
  const [database = '', bare = ''] = table.split('.');
  return ['backup', '--database', database, '--table', bare, '--backup-name', name, ...more];
}

export function restoreArgs(name: string, table: string, location: string, ...more: readonly string[]): string[] {
  const [database = '', bare = ''] = table.split('.');
  const target = ['--target-database', database, '--target-table', bare, '--target-location', location];
  return ['restore', '--backup-name', name, ...target, '--catalog-type', 'hive', ...more];
}

/** The last line of --json. */
export function summary(ran: Ran): Record<string, unknown> {
  return JSON.parse(ran.stdout.trimEnd().split('\n').at(-1) ?? '{}') as Record<string, unknown>;
}

/** What a table answers, by every road an engine has into its history. */
export interface Answers {
  /** By snapshot id, also of snapshots that no ref names. */
  readonly snapshots: Readonly<Record<string, readonly string[]>>;
  readonly refs: Readonly<Record<string, readonly string[]>>;
  /** By the time right after each entry of the history. */
  readonly times: Readonly<Record<string, readonly string[]>>;
  readonly current: readonly string[];
  readonly schema: readonly (readonly Cell[])[];
  readonly properties: readonly string[];
  readonly partitions: readonly string[];
}

/** Rows as text, sorted: a multiset that can be compared. */
const asSet = (rows: readonly (readonly Cell[])[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

/** Every row of every snapshot, ref and moment of a table, as Spark reads it. */
export async function sparkAnswers(lab: LabWith<Parts>, table: string): Promise<Answers> {
  const spark = sparkClient(lab);
  const rows = async (query: string) => asSet((await spark.sql(query)).rows);
  const read = async (items: readonly string[], query: (item: string) => string) => {
    const found: Record<string, readonly string[]> = {};
    for (const item of items) found[item] = await rows(query(item));
    return found;
  };
  const column = async (query: string) => (await spark.sql(query)).rows.map(([cell]) => String(cell));
  const full = `hms.${table}`;
  const ids = await column(`SELECT snapshot_id FROM ${full}.snapshots ORDER BY committed_at, snapshot_id`);
  const refs = await column(`SELECT name FROM ${full}.refs ORDER BY name`);
  const times = await column(`SELECT CAST(made_current_at AS string) FROM ${full}.history ORDER BY made_current_at`);
  const properties = await spark.sql(`SHOW TBLPROPERTIES ${full}`);
  return {
    snapshots: await read(ids, (id) => `SELECT * FROM ${full} VERSION AS OF ${id}`),
    refs: await read(refs, (ref) => `SELECT * FROM ${full} VERSION AS OF '${ref}'`),
    times: await read(times, (time) => `SELECT * FROM ${full} TIMESTAMP AS OF '${time}'`),
    current: await rows(`SELECT * FROM ${full}`),
    schema: (await spark.sql(`DESCRIBE ${full}`)).rows,
    properties: asSet(properties.rows.filter(([key]) => key !== 'uuid' && key !== 'current-snapshot-id')),
    partitions: await rows(`SELECT partition, spec_id, record_count, file_count FROM ${full}.partitions`).catch(() => []),
  };
}

/** The same, as pyiceberg reads every snapshot through the metastore. */
export async function pyicebergAnswers(
  lab: LabWith<Parts>,
  table: string,
  ids: readonly string[],
): Promise<Record<string, readonly string[]>> {
  const pyiceberg = pyicebergClient(lab);
  const found: Record<string, readonly string[]> = {};
  for (const id of ids) found[id] = asSet((await pyiceberg.scan(hiveProperties(lab), table, BigInt(id))).rows);
  return found;
}
