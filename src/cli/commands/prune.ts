import type { Command } from 'commander';
import { tmpDirOf } from '../../config/limits.js';
import type { S3Flags } from '../../config/s3.js';
import { ERROR_EXIT } from '../../errors.js';
import type { Context, Ending, Select } from '../invocation.js';
import { addPlaceOptions } from '../options.js';
import { count } from '../render/numbers.js';
import { pruneText } from '../render/retention.js';
import { pruneFields } from '../render/retention-events.js';

interface PruneFlags extends S3Flags {
  readonly dryRun?: boolean;
  readonly versions?: boolean;
  readonly tmpDir?: string;
}

/** `bcn prune` */
export function addPrune(program: Command, select: Select): void {
  const command = program
    .command('prune')
    .description('Remove what no backup needs: files of backups deleted for longer than the grace, and of runs given up.')
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .option('--versions', 'on a bucket with versioning, also remove for ever what it keeps of what is gone')
    .option('--tmp-dir <folder>', 'where spill files go (default: the temporary folder of the system)');
  addPlaceOptions(command, ['repo']);
  command.action((flags: PruneFlags) => select('prune', (context) => run(flags, context)));
}

async function run(flags: PruneFlags, context: Context): Promise<Ending> {
  const { io, output } = context;
  const tmpDir = await tmpDirOf(flags.tmpDir, io.cwd);
  const [{ openStorage }, { prune }] = await Promise.all([import('../wiring.js'), import('../../prune/prune.js')]);
  const { repository, repositoryUri } = await openStorage(flags, context, ['repo']);
  const result = await prune(
    { repository, report: output.report },
    { dryRun: flags.dryRun === true, versions: flags.versions === true, tmpDir, signal: io.signal },
  );
  const { locked, lockedObject, lockedUntil } = result;
  if (result.versioned === true)
    output.report.info(
      'The bucket keeps versions: what was removed stays as noncurrent versions until a lifecycle rule ends them, or bcn prune --versions.',
    );
  if (locked.objects > 0) {
    const until = lockedUntil === undefined ? 'when that is over' : `after ${new Date(lockedUntil).toISOString()}`;
    output.report.warn(
      `${count(locked.objects, 'object')} under a retention lock, the first of them ${lockedObject}, not removed; run it again ${until}`,
      { ...(lockedObject !== undefined && { object: lockedObject }) },
    );
    output.text(pruneText(result));
  } else output.say(pruneText(result));
  const fields = { repository: repositoryUri, ...pruneFields(result) };
  if (locked.objects === 0) return { exit: 0, fields };
  return { exit: ERROR_EXIT['retention-locked'], fields: { code: 'retention-locked', ...fields } };
}
