import type { Command } from 'commander';
import type { S3Flags } from '../../config/s3.js';
import { BcnError, ERROR_EXIT } from '../../errors.js';
import type { Count, Policy } from '../../forget/policy.js';
import { parseSpan, type Span } from '../../forget/span.js';
import type { Context, Ending, Select } from '../invocation.js';
import { addPlaceOptions, oneOf } from '../options.js';
import { count } from '../render/numbers.js';
import { retentionTable } from '../render/retention.js';
import { retentionFields } from '../render/retention-events.js';

interface ForgetFlags extends S3Flags {
  readonly keepLast?: Count;
  readonly keepHourly?: Count;
  readonly keepDaily?: Count;
  readonly keepWeekly?: Count;
  readonly keepMonthly?: Count;
  readonly keepYearly?: Count;
  readonly keepWithin?: Span;
  readonly groupBy: 'table' | 'none';
  readonly table?: string;
  readonly allowLast?: boolean;
  readonly dryRun?: boolean;
}

/** `bcn forget` */
export function addForget(program: Command, select: Select): void {
  const command = program
    .command('forget')
    .description('Delete the backups that no policy keeps. Several policies keep what any of them keeps; times are UTC.')
    .option('--keep-last <n>', 'keep the last n backups (a number, or unlimited)', countOf('--keep-last'));
  for (const period of ['hourly', 'daily', 'weekly', 'monthly', 'yearly']) {
    const flag = `--keep-${period}`;
    command.option(`${flag} <n>`, `keep the newest backup of each of the last n ${UNIT[period]} that have one`, countOf(flag));
  }
  command
    .option('--keep-within <time>', 'keep what is younger than that before the newest backup, as in 30d or 1y6m2d12h', spanOf)
    .option(
      '--group-by <what>',
      'judge the backups of each table by themselves (table), or all together (none)',
      oneOf('--group-by', GROUPS),
      'table',
    )
    .option('--table <name>', 'only backups of this table, as database.table')
    .option('--allow-last', 'delete even the last good backup of a table')
    .option('--dry-run', 'say what would be kept and deleted, and why, and write nothing');
  addPlaceOptions(command, ['repo']);
  command.action((flags: ForgetFlags) => select('forget', (context) => run(flags, context)));
}

const GROUPS = ['table', 'none'] as const;
const UNIT: Readonly<Record<string, string>> = {
  hourly: 'hours',
  daily: 'days',
  weekly: 'weeks',
  monthly: 'months',
  yearly: 'years',
};

function countOf(flag: string): (value: string) => Count {
  return (value) => {
    if (value === 'unlimited') return value;
    if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
    throw new BcnError('usage', `${flag} takes a whole number from 1 on, or unlimited, not "${value}"`, {
      hint: 'Leave the policy out to keep nothing by it.',
    });
  };
}

function spanOf(value: string): Span {
  const span = parseSpan(value);
  if (span) return span;
  throw new BcnError('usage', `--keep-within takes years, months, days and hours, not "${value}"`, {
    hint: 'As in 30d, 12h or 1y6m.',
  });
}

async function run(flags: ForgetFlags, context: Context): Promise<Ending> {
  const { io, output } = context;
  const { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly, keepWithin, table } = flags;
  const policy: Policy = {
    ...{ last: keepLast, hourly: keepHourly, daily: keepDaily, weekly: keepWeekly, monthly: keepMonthly, yearly: keepYearly },
    within: keepWithin,
  };
  const [{ openStorage }, { forget }] = await Promise.all([import('../wiring.js'), import('../../forget/forget.js')]);
  const { repository, repositoryUri } = await openStorage(flags, context, ['repo']);
  const result = await forget(
    { repository, report: output.report },
    {
      policy,
      groupBy: flags.groupBy,
      ...(table !== undefined && { table }),
      allowLast: flags.allowLast === true,
      dryRun: flags.dryRun === true,
      signal: io.signal,
    },
  );
  for (const backup of result.backups) output.item('retention', retentionFields(backup));
  if (result.backups.length > 0) output.text(retentionTable(result));
  else output.report.info(`No backups${table === undefined ? '' : ` of ${table}`} in ${repositoryUri}`);
  const kept = result.backups.filter((backup) => backup.kept).length;
  const forgotten = result.backups.length - kept;
  const verb = result.outcome === 'planned' ? 'would be deleted' : 'deleted';
  output.say(`${count(forgotten, 'backup')} ${verb}, ${kept} kept`);
  const fields = {
    outcome: result.outcome,
    repository: repositoryUri,
    forgotten,
    kept_backups: kept,
    damaged: result.unreadable,
  };
  if (result.unreadable === 0) return { exit: 0, fields };
  return { exit: ERROR_EXIT.partial, fields: { code: 'partial', ...fields } };
}
