import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { fromFlag } from '../../config/sourced.js';
import type { DemoResult, DemoStep } from '../../demo/demo.js';
import type { TableContent } from '../../demo/table.js';
import { BcnError } from '../../errors.js';
import type { Context, Ending, Select } from '../invocation.js';
import { columns } from '../render/columns.js';

const SAMPLE = fileURLToPath(new URL('../../../samples/repository', import.meta.url));
const BCN = fileURLToPath(new URL('../../../bin/bcn.js', import.meta.url));

/** `bcn demo` */
export function addDemo(program: Command, select: Select): void {
  program
    .command('demo')
    .description('See it work: restore, back up, destroy, restore and verify a sample table in a local folder.')
    .option('--dir <folder>', 'folder to work in; must be empty or new (default: a new one in the temporary folder)')
    .action((flags: { readonly dir?: string }) => {
      const dir = fromFlag(flags.dir, '--dir')?.value;
      select('demo', (context) => run(dir, context));
    });
}

async function run(flag: string | undefined, context: Context): Promise<Ending> {
  const { io, output } = context;
  const dir =
    flag === undefined ? await mkdtemp(path.join(tmpdir(), 'bcn-demo-')) : await emptyFolder(path.resolve(io.cwd, flag));
  const [{ localParts }, { runDemo }] = await Promise.all([import('../wiring.js'), import('../../demo/demo.js')]);
  const report = { progress: () => undefined, info: () => undefined, warn: output.report.warn };
  const steps = { count: 0 };
  const tell = (step: DemoStep): void => {
    steps.count += 1;
    output.step(step.title, stepText(step, steps.count));
  };
  const result = await runDemo({ ...(await localParts()), report }, { dir, sample: SAMPLE, signal: io.signal }, tell);
  output.say(farewell(result, dir, io.cwd));
  const { repository, table, rows, snapshots } = result;
  return { exit: 0, fields: { dir, repository, table, rows, snapshots } };
}

async function emptyFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length === 0) return folder;
  throw new BcnError('target-not-empty', `The folder ${folder} is not empty`, { hint: 'Name an empty or new one with --dir.' });
}

function stepText({ title, facts, table }: DemoStep, number: number): string {
  const lines = [...facts, ...(table === undefined ? [] : rowsText(table).split('\n'))];
  return [`${number}. ${title}`, ...lines.map((line) => `   ${line}`), ''].join('\n');
}

/** The rows of the current snapshot. */
function rowsText({ columns: heads, snapshots, currentSnapshotId }: TableContent): string {
  const rows = snapshots.find(({ id }) => id === currentSnapshotId)?.rows ?? [];
  const isNumber = (type: string): boolean => /^(int|long|decimal)/.test(type);
  return columns(
    heads.map(({ name, type }) => (isNumber(type) ? { title: name, align: 'right' } : { title: name })),
    rows.map((row) => row.map((cell) => cell ?? 'null')),
  );
}

function farewell({ repository, backupName, warehouse }: DemoResult, dir: string, cwd: string): string {
  const bcn = BCN.includes(`${path.sep}node_modules${path.sep}`) ? 'npx bcn' : `node ${path.relative(cwd, BCN) || BCN}`;
  return [
    `It works. Everything lies in ${dir}`,
    `   repository/   the backups: plain files, see bcn.json and backups/${backupName}.json`,
    '   elsewhere/    the table that was restored, readable by any Iceberg engine',
    '',
    'Next:',
    `   export BACKUP_BUCKET=${repository}`,
    `   ${bcn} list`,
    `   ${bcn} show ${backupName}`,
    `   ${bcn} verify ${backupName} --read-data`,
    `   ${bcn} restore --backup-name ${backupName} --catalog-type path --warehouse ${warehouse} \\`,
    '      --target-database rescued --target-table orders_once_more',
    'Your own tables, on S3 and a Hive Metastore: README.md, "Five minutes"',
  ].join('\n');
}
