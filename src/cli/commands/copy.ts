import type { Command } from 'commander';
import type { KeptFlags } from '../../config/kept.js';
import { jobsOf, tmpDirOf } from '../../config/limits.js';
import type { S3Flags } from '../../config/s3.js';
import type { CopyOptions, CopyResult } from '../../copy/options.js';
import { ERROR_EXIT } from '../../errors.js';
import { parseSince, tablePattern } from '../../look/filters.js';
import type { Context, Ending, Select } from '../invocation.js';
import { addKeptOptions, addPlaceOptions, addWorkOptions, required, writingTo } from '../options.js';
import { copyFields, copySentence, copyTotals } from '../render/copy.js';

interface CopyFlags extends S3Flags, KeptFlags {
  readonly table?: string;
  readonly since?: string;
  readonly dryRun?: boolean;
  readonly jobs?: string;
  readonly tmpDir?: string;
}

/** `bcn copy [NAME…] --to REPO` */
export function addCopy(program: Command, select: Select): void {
  const command = program
    .command('copy')
    .description(
      'Copy backups into a second repository, verified; what is there already is left alone. Without names: all backups.',
    )
    .argument('[name...]', 'the backups; latest is the newest complete one')
    .option('--to <repository>', 'where to: bucket, bucket/prefix, s3:// or file:// URL (required)')
    .option('--table <pattern>', 'of all backups only those of this table, as database.table; * and ? are wildcards')
    .option('--since <when>', 'of all backups only those made since then: 30d (h, d, w) or 2026-11-01')
    .option('--dry-run', 'say what would be copied and write nothing');
  addPlaceOptions(command, ['repo', 'to']);
  addKeptOptions(command, 'to');
  addWorkOptions(command);
  command.action((names: string[], flags: CopyFlags) => {
    const { to } = required(command, 'to');
    const jobs = jobsOf(flags.jobs);
    const filter = {
      ...(flags.table !== undefined && { table: tablePattern(flags.table) }),
      ...(flags.since !== undefined && { since: parseSince(flags.since) }),
    };
    select('copy', (context) => run({ ...flags, to }, { names, filter, jobs }, context));
  });
}

type Asked = Pick<CopyOptions, 'names' | 'filter' | 'jobs'>;

async function run(flags: CopyFlags & { readonly to: string }, asked: Asked, context: Context): Promise<Ending> {
  const { io, output } = context;
  const dryRun = flags.dryRun === true;
  const tmpDir = await tmpDirOf(flags.tmpDir, io.cwd);
  const [{ openCopy }, { copy }] = await Promise.all([import('../wiring.js'), import('../../copy/copy.js')]);
  const { from, to } = await openCopy(writingTo('to', flags), context);
  const result = await copy(
    { from: from.place, to: to.place, report: output.report },
    {
      ...asked,
      dryRun,
      tmpDir,
      signal: io.signal,
      each: (copied) => {
        output.item('copy', copyFields(copied));
        if (copied.outcome === 'planned') output.text(copySentence(copied));
        else if (copied.outcome !== 'failed') output.say(copySentence(copied));
      },
    },
  );
  return end(result, dryRun, from.uri, to.uri, context);
}

function end(result: CopyResult, dryRun: boolean, from: string, to: string, { output }: Context): Ending {
  if (result.backups.length === 0) output.report.info(`No backups to copy in ${from}`);
  const totals = copyTotals(result);
  const { failed_backups: failed, damaged } = totals;
  const fields = { outcome: dryRun ? 'planned' : 'copied', repository: from, to, ...totals, server_side: result.serverSide };
  if (failed + damaged === 0) return { exit: 0, fields };
  return { exit: ERROR_EXIT.partial, fields: { code: 'partial', ...fields } };
}
