import type { Command } from 'commander';
import type { BackupResult } from '../../backup/options.js';
import type { CatalogFlags } from '../../config/catalog.js';
import { jobsOf, tmpDirOf } from '../../config/limits.js';
import type { S3Flags } from '../../config/s3.js';
import { identOf } from '../ident.js';
import type { Context, Ending, Select } from '../invocation.js';
import { addCatalogOptions, addPlaceOptions, addWorkOptions, oneOf, required } from '../options.js';
import { backupSentence } from '../render/backups.js';
import { backupFields, planFields } from '../render/events.js';
import { planText } from '../render/plan.js';

interface BackupFlags extends CatalogFlags, S3Flags {
  readonly data: 'copy' | 'reference';
  readonly fresh?: boolean;
  readonly dryRun?: boolean;
  readonly jobs?: string;
  readonly tmpDir?: string;
}

/** `bcn backup` */
export function addBackup(program: Command, select: Select): void {
  const command = program
    .command('backup')
    .description('Back up a table: its data, its metadata, its whole history.')
    .option('--database <name>', 'database (namespace) of the table (required)')
    .option('--table <name>', 'table (required)')
    .option('--backup-name <name>', 'name of the new backup: letters, digits, . _ - (required)')
    .option('--data <mode>', 'copy, or reference: metadata only, the backup dies with its source', oneOf('--data', MODES), 'copy')
    .option('--fresh', 'copy everything anew, reusing nothing of an earlier backup (for when one is damaged)')
    .option('--dry-run', 'print the plan and write nothing');
  addCatalogOptions(command);
  addPlaceOptions(command, ['source', 'repo']);
  addWorkOptions(command);
  command.action((flags: BackupFlags) => {
    const names = required(command, 'database', 'table', 'backupName');
    const jobs = jobsOf(flags.jobs);
    select('backup', (context) => run({ ...flags, ...names }, jobs, context));
  });
}

const MODES = ['copy', 'reference'] as const;

type Flags = BackupFlags & Record<'database' | 'table' | 'backupName', string>;

async function run(flags: Flags, jobs: number, context: Context): Promise<Ending> {
  const { io, output } = context;
  const tmpDir = await tmpDirOf(flags.tmpDir, io.cwd);
  const [{ openStorage, openCatalog }, { backup }] = await Promise.all([
    import('../wiring.js'),
    import('../../backup/backup.js'),
  ]);
  const storage = await openStorage(flags, context, ['repo', 'source']);
  const catalog = await openCatalog(flags, context, storage.source);
  try {
    const result = await backup(
      { catalog, source: storage.source, repository: storage.repository, report: output.report },
      {
        tables: [identOf(catalog, flags.database, flags.table)],
        name: flags.backupName,
        mode: flags.data,
        fresh: flags.fresh === true,
        jobs,
        dryRun: flags.dryRun === true,
        tmpDir,
        signal: io.signal,
      },
    );
    return end(result, flags.backupName, storage.repositoryUri, context);
  } finally {
    await catalog.close();
  }
}

function end({ outcome, plans, backup }: BackupResult, name: string, uri: string, { output }: Context): Ending {
  for (const plan of plans) output.item('plan', planFields(plan), outcome === 'planned' ? planText(plan) : undefined);
  const fields = { outcome, name, repository: uri };
  if (backup === undefined) return { exit: 0, fields };
  output.say(backupSentence(backup, outcome === 'already', uri));
  return { exit: 0, fields: { ...fields, backup: backupFields(backup) } };
}
