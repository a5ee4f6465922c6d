import type { Command } from 'commander';
import { jobsOf, tmpDirOf } from '../../config/limits.js';
import type { S3Flags } from '../../config/s3.js';
import { BcnError, ERROR_EXIT } from '../../errors.js';
import type { RepairResult } from '../../repair/options.js';
import { NEWEST } from '../../repository/keys.js';
import type { VerifyOptions, VerifyResult } from '../../verify/options.js';
import { parseSubset } from '../../verify/subset.js';
import type { Context, Ending, Select } from '../invocation.js';
import { addPlaceOptions, addWorkOptions } from '../options.js';
import { checkedFields, verdictFields } from '../render/events.js';
import { repairText, verdictText } from '../render/verify.js';

interface VerifyFlags extends S3Flags {
  readonly all?: boolean;
  readonly readData?: boolean;
  readonly readDataSubset?: string;
  readonly record: boolean;
  readonly repair?: boolean;
  readonly jobs?: string;
  readonly tmpDir?: string;
}

/** `bcn verify NAME…` */
export function addVerify(program: Command, select: Select): void {
  const command = program
    .command('verify')
    .description(
      'Prove that backups are whole: every object there, every length and checksum right. Exit 4 when one is not, 3 when its source lacked files.',
    )
    .argument('[name...]', 'the backups, or latest')
    .option('--all', 'every backup of the repository')
    .option('--read-data', 'read every data file and compare its checksum')
    .option('--read-data-subset <part>', 'read a part of them: 5% or 10G by chance, or 2/7, the second of seven parts')
    .option('--repair', 'bring what is damaged from the source again, as far as it still has it')
    .option('--no-record', 'record nothing: no events that say what was found');
  addPlaceOptions(command, ['repo', 'source']);
  addWorkOptions(command);
  command.action((names: readonly string[], flags: VerifyFlags) => {
    const wanted = wantedOf(names, flags);
    const read = readOf(flags);
    const jobs = jobsOf(flags.jobs);
    if (flags.repair && !flags.record)
      throw new BcnError('usage', 'Both --repair and --no-record are given', {
        hint: 'A repair is a record: an event names what it brought.',
      });
    select('verify', (context) => run({ names: wanted, read, jobs, record: flags.record }, flags, context));
  });
}

function wantedOf(names: readonly string[], { all = false }: VerifyFlags): VerifyOptions['names'] {
  if (all !== names.length > 0) return all ? 'all' : names;
  throw new BcnError('usage', all ? 'Both --all and names of backups are given' : 'No backup is named', {
    hint: 'Name them, as in: bcn verify latest. Or check all: bcn verify --all',
  });
}

function readOf({ readData = false, readDataSubset }: VerifyFlags): VerifyOptions['read'] {
  if (readDataSubset === undefined) return readData ? 'all' : 'none';
  const subset = parseSubset(readDataSubset);
  if (!readData) return subset;
  throw new BcnError('usage', 'Both --read-data and --read-data-subset are given', { hint: 'The former reads everything.' });
}

async function run(
  options: Pick<VerifyOptions, 'names' | 'read' | 'jobs' | 'record'>,
  flags: VerifyFlags,
  context: Context,
): Promise<Ending> {
  const { io, output } = context;
  const tmpDir = await tmpDirOf(flags.tmpDir, io.cwd);
  const { openStorage } = await import('../wiring.js');
  const { repository, source } = await openStorage(flags, context, ['repo', 'source']);
  const onProblem: VerifyOptions['onProblem'] = ({ object, message, backups }) =>
    output.item('problem', { object, message, backups }, message.includes(object) ? message : `${object}: ${message}`);
  const deps = { repository, source, report: output.report };
  const all = { ...options, tmpDir, onProblem, signal: io.signal };
  if (flags.repair) {
    const { repairBackups } = await import('../../repair/repair.js');
    const repaired = await repairBackups(deps, all);
    return ending(repaired.after, options.names, context, repaired);
  }
  const { verify } = await import('../../verify/verify.js');
  const result = await verify(deps, all);
  if (result.recorded === 'refused')
    output.report.warn(
      'nothing was recorded: these keys may not create events in the repository (--no-record says so on purpose)',
    );
  return ending(result, options.names, context);
}

function ending(result: VerifyResult, names: VerifyOptions['names'], { output }: Context, repaired?: RepairResult): Ending {
  if (repaired && repaired.before > 0) output.say(repairText(repaired));
  if (names === 'all' || names.length > 1) for (const backup of result.backups) output.item('verdict', verdictFields(backup));
  const ok = result.problems === 0;
  // A bad verdict is data even with --quiet: silence must mean that all is well.
  const isWhole = ok && result.checked.missing.files === 0;
  if (isWhole) output.say(verdictText(result, repaired !== undefined));
  else output.text(verdictText(result, repaired !== undefined));
  const [only] = result.backups;
  const single = names !== 'all' && names.length === 1 && only?.backup;
  const fields = {
    ...(single && { name: names[0] === NEWEST ? only.selector : names[0], mode: single.mode }),
    backups: result.backups.length,
    damaged: result.backups.filter(({ problems }) => problems > 0).length,
    checked: checkedFields(result.checked),
    problems: result.problems,
    recorded: result.recorded,
    ...(repaired && { repaired: { problems: repaired.before, ...repaired.brought } }),
    ...(result.others.length > 0 && { others: result.others.map(({ selector }) => selector) }),
  };
  if (ok && !isWhole) return { exit: ERROR_EXIT.partial, fields: { code: 'partial', ...fields } };
  return ok ? { exit: 0, fields } : { exit: ERROR_EXIT['check-failed'], fields: { code: 'check-failed', ...fields } };
}
