import type { Command } from 'commander';
import { jobsOf, tmpDirOf } from '../../config/limits.js';
import type { S3Flags } from '../../config/s3.js';
import { ERROR_EXIT } from '../../errors.js';
import { NEWEST } from '../../repository/keys.js';
import type { VerifyResult } from '../../verify/options.js';
import type { Context, Ending, Select } from '../invocation.js';
import { addPlaceOptions, addWorkOptions } from '../options.js';
import { checkedFields } from '../render/events.js';
import { count, formatBytes } from '../render/numbers.js';

interface VerifyFlags extends S3Flags {
  readonly readData?: boolean;
  readonly jobs?: string;
  readonly tmpDir?: string;
}

/** `bcn verify NAME` */
export function addVerify(program: Command, select: Select): void {
  const command = program
    .command('verify')
    .description(
      'Prove that a backup is whole: every object there, every length and checksum right. Exit 4 when it is not, 3 when its source lacked files.',
    )
    .argument('<name>', 'the backup, or latest')
    .option('--read-data', 'read every data file and compare its checksum');
  addPlaceOptions(command, ['repo', 'source']);
  addWorkOptions(command);
  command.action((name: string, flags: VerifyFlags) => {
    const jobs = jobsOf(flags.jobs);
    select('verify', (context) => run(name, flags, jobs, context));
  });
}

async function run(name: string, flags: VerifyFlags, jobs: number, context: Context): Promise<Ending> {
  const { io, output } = context;
  const tmpDir = await tmpDirOf(flags.tmpDir, io.cwd);
  const [{ openStorage }, { verify }] = await Promise.all([import('../wiring.js'), import('../../verify/verify.js')]);
  const { repository, source } = await openStorage(flags, context, ['repo', 'source']);
  const result = await verify(
    { repository, source, report: output.report },
    { name, readData: flags.readData === true, jobs, tmpDir, signal: io.signal },
  );
  for (const { object, message } of result.problems) {
    output.item('problem', { object, message }, message.includes(object) ? message : `${object}: ${message}`);
  }
  const ok = result.problems.length === 0;
  // A bad verdict is data even with --quiet: silence must mean that all is well.
  if (ok && result.checked.missing.files === 0) output.say(verdict(result));
  else output.text(verdict(result));
  const fields = {
    name: name === NEWEST ? result.backup.selector : name,
    mode: result.backup.mode,
    checked: checkedFields(result.checked),
    problems: result.problems.length,
  };
  if (ok && result.checked.missing.files > 0) return { exit: ERROR_EXIT.partial, fields: { code: 'partial', ...fields } };
  return ok ? { exit: 0, fields } : { exit: ERROR_EXIT['check-failed'], fields: { code: 'check-failed', ...fields } };
}

/** A backup that reuses what the damaged one holds would be damaged, too. */
const REMEDY = 'While the table is still there, make a new full backup of it: bcn backup --fresh';

function verdict({ backup, checked, problems }: VerifyResult): string {
  const read = checked.bytesRead > 0 ? `, ${formatBytes(checked.bytesRead)} read` : ' (lengths; --read-data reads them too)';
  const what = `${count(checked.metadata, 'metadata file')} and ${count(checked.files, 'data file')} checked${read}`;
  if (problems.length > 0) {
    return [`Backup ${backup.name} is damaged: ${count(problems.length, 'problem')}; ${what}`, `  hint: ${REMEDY}`].join('\n');
  }
  const source = backup.mode === 'reference' ? ', as long as its source lives' : '';
  const unproven =
    checked.withoutChecksum > 0
      ? `; ${count(checked.withoutChecksum, 'data file')} without a checksum, compared by length only`
      : '';
  const { files, bytes } = checked.missing;
  if (files > 0) {
    const lacks = `${count(files, 'live file')} of ${formatBytes(bytes)} ${files === 1 ? 'was' : 'were'} missing from the source when it was made`;
    const hint = `  hint: Which: bcn show ${backup.selector}. What there is comes back with bcn restore --allow-damaged`;
    return [`Backup ${backup.name} is INCOMPLETE: ${lacks}. All else is whole: ${what}${unproven}`, hint].join('\n');
  }
  return `Backup ${backup.name} will restore${source}: ${what}${unproven}`;
}
