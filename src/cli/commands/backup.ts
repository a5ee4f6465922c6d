import type { Command } from 'commander';
import type { BackupOptions, BackupResult } from '../../backup/options.js';
import type { Catalog } from '../../catalog/port.js';
import type { CatalogFlags } from '../../config/catalog.js';
import type { KeptFlags } from '../../config/kept.js';
import { jobsOf, tmpDirOf } from '../../config/limits.js';
import type { S3Flags } from '../../config/s3.js';
import { BcnError, ERROR_EXIT } from '../../errors.js';
import { identOf } from '../ident.js';
import type { Context, Ending, Select } from '../invocation.js';
import {
  addCatalogOptions,
  addKeptOptions,
  addPlaceOptions,
  addWorkOptions,
  gather,
  NONE,
  oneOf,
  required,
  writingTo,
} from '../options.js';
import { backupSentence } from '../render/backups.js';
import { backupFields, planFields } from '../render/events.js';
import { planText } from '../render/plan.js';

interface BackupFlags extends CatalogFlags, S3Flags, KeptFlags {
  readonly database?: string;
  readonly table: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly data: 'copy' | 'reference';
  readonly fresh?: boolean;
  readonly allowMissing?: boolean;
  readonly dryRun?: boolean;
  readonly jobs?: string;
  readonly tmpDir?: string;
}

/** `bcn backup` */
export function addBackup(program: Command, select: Select): void {
  const command = program
    .command('backup')
    .description('Back up tables: their data, their metadata, their whole history.')
    .option('--database <name>', 'database (namespace); without --table all of its Iceberg tables')
    .option('--table <name>', 'table of it, or database.table (repeatable)', gather, NONE)
    .option('--include <glob>', 'of all tables of the database only those whose names match (repeatable)', gather, NONE)
    .option('--exclude <glob>', 'not those whose names match (repeatable)', gather, NONE)
    .option(
      '--backup-name <name>',
      'name of the new backup: letters, digits, . _ -; may hold {utc}, {date}, {table}, {database} (required)',
    )
    .option('--data <mode>', 'copy, or reference: metadata only, the backup dies with its source', oneOf('--data', MODES), 'copy')
    .option('--fresh', 'copy everything anew, reusing nothing of an earlier backup (for when one is damaged)')
    .option(
      '--allow-missing',
      'back up a table that lacks content files, too: the backup is marked incomplete and lists them (exit 3)',
    )
    .option('--dry-run', 'print the plan and write nothing');
  addCatalogOptions(command);
  addPlaceOptions(command, ['source', 'repo']);
  addKeptOptions(command, 'repo');
  addWorkOptions(command);
  command.action((flags: BackupFlags) => {
    // A table may bring its database along.
    const needs =
      flags.table.length === 0 || flags.database !== undefined
        ? (['database', 'backupName'] as const)
        : (['backupName'] as const);
    const { backupName } = required(command, ...needs);
    assertSelection(flags);
    const jobs = jobsOf(flags.jobs);
    select('backup', (context) => run({ ...flags, backupName }, jobs, context));
  });
}

const MODES = ['copy', 'reference'] as const;

type Flags = BackupFlags & { readonly backupName: string };

/** Throws `usage` when nothing says which tables, or two things do. */
function assertSelection({ database, table, include, exclude }: BackupFlags): void {
  const hint = 'See bcn backup --help';
  if (table.includes('')) throw new BcnError('usage', 'Empty --table', { hint: 'A shell variable in it may be unset.' });
  if (table.length > 0 && include.length + exclude.length > 0)
    throw new BcnError('usage', '--include and --exclude choose among all tables of a --database, not beside --table', { hint });
  const bare = database === undefined ? table.find((name) => !name.includes('.')) : undefined;
  if (bare !== undefined) throw new BcnError('usage', `--table ${bare} needs a --database, or database.table`, { hint });
}

function tablesOf({ database, table, include, exclude }: BackupFlags, catalog: Catalog): BackupOptions['tables'] {
  const [first, ...more] = table.map((name) => {
    if (database !== undefined) return identOf(catalog, database, name);
    const dot = name.lastIndexOf('.');
    return identOf(catalog, name.slice(0, dot), name.slice(dot + 1));
  });
  return first ? [first, ...more] : { namespace: database ?? '', include, exclude };
}

async function run(flags: Flags, jobs: number, context: Context): Promise<Ending> {
  const { io, output } = context;
  const tmpDir = await tmpDirOf(flags.tmpDir, io.cwd);
  const [{ openStorage, openCatalog }, { backup }] = await Promise.all([
    import('../wiring.js'),
    import('../../backup/backup.js'),
  ]);
  const storage = await openStorage(writingTo('repo', flags), context, ['repo', 'source']);
  const catalog = await openCatalog(flags, context, storage.source);
  try {
    const result = await backup(
      { catalog, source: storage.source, repository: storage.repository, report: output.report },
      {
        tables: tablesOf(flags, catalog),
        name: flags.backupName,
        mode: flags.data,
        fresh: flags.fresh === true,
        allowMissing: flags.allowMissing === true,
        jobs,
        dryRun: flags.dryRun === true,
        tmpDir,
        signal: io.signal,
      },
    );
    return end(result, storage.repositoryUri, context);
  } finally {
    await catalog.close();
  }
}

function end({ outcome, name, plans, backup, failed, skipped }: BackupResult, uri: string, { output }: Context): Ending {
  for (const plan of plans) output.item('plan', planFields(plan), outcome === 'planned' ? planText(plan) : undefined);
  if (skipped.length > 0) output.report.info(`no Iceberg tables, so not backed up: ${skipped.join(', ')}`);
  const several = { ...(failed.length > 0 && { failed }), ...(skipped.length > 0 && { skipped }) };
  const fields = { outcome, name, repository: uri, ...several, ...(backup && { backup: backupFields(backup) }) };
  if (backup !== undefined) output.say(backupSentence(backup, outcome === 'already', uri));
  const whole = failed.length === 0 && backup?.incomplete !== true && plans.every((plan) => plan.missing === undefined);
  return whole ? { exit: 0, fields } : { exit: ERROR_EXIT.partial, fields: { code: 'partial', ...fields } };
}
