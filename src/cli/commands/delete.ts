import type { Command } from 'commander';
import type { S3Flags } from '../../config/s3.js';
import type { DeleteResult } from '../../delete/options.js';
import type { Context, Ending, Select } from '../invocation.js';
import { addPlaceOptions } from '../options.js';
import { deletionFields } from '../render/retention-events.js';

interface DeleteFlags extends S3Flags {
  readonly dryRun?: boolean;
}

/** `bcn delete NAME…` */
export function addDelete(program: Command, select: Select): void {
  const command = program
    .command('delete')
    .description(
      'Delete backups. Their files go with the first prune after the grace; until half of it is over, undelete takes it back.',
    )
    .argument('<name...>', 'the backups')
    .option('--dry-run', 'say what would be deleted and write nothing');
  addPlaceOptions(command, ['repo']);
  command.action((names: string[], flags: DeleteFlags) => select('delete', (context) => run('delete', names, flags, context)));
}

/** `bcn undelete NAME…` */
export function addUndelete(program: Command, select: Select): void {
  const command = program
    .command('undelete')
    .description('Take the delete of backups back, until half of the grace is over.')
    .argument('<name...>', 'the backups')
    .option('--dry-run', 'say what would be undeleted and write nothing');
  addPlaceOptions(command, ['repo']);
  command.action((names: string[], flags: DeleteFlags) =>
    select('undelete', (context) => run('undelete', names, flags, context)),
  );
}

async function run(what: 'delete' | 'undelete', names: readonly string[], flags: DeleteFlags, context: Context): Promise<Ending> {
  const { io, output } = context;
  const dryRun = flags.dryRun === true;
  const [{ openStorage }, { deleteBackups }, { undeleteBackups }] = await Promise.all([
    import('../wiring.js'),
    import('../../delete/delete.js'),
    import('../../delete/undelete.js'),
  ]);
  const { repository, repositoryUri } = await openStorage(flags, context, ['repo']);
  const work = what === 'delete' ? deleteBackups : undeleteBackups;
  const results = await work({ repository, report: output.report }, { names, dryRun, signal: io.signal });
  for (const result of results) {
    output.item('deletion', deletionFields(result));
    output.say(sentence(what, result, repositoryUri));
  }
  const changed = results.filter(({ outcome }) => outcome !== 'already').length;
  const outcome = dryRun ? 'planned' : what === 'delete' ? 'deleted' : 'undeleted';
  return { exit: 0, fields: { outcome, repository: repositoryUri, changed, already: results.length - changed } };
}

function sentence(what: 'delete' | 'undelete', { selector, tables, outcome }: DeleteResult, uri: string): string {
  const which = `Backup "${selector}" of ${tables.join(', ')}`;
  if (outcome === 'already') return `${which} ${what === 'delete' ? 'was deleted before' : 'is not deleted'}`;
  if (outcome === 'planned') return `${which} would be ${what}d`;
  return what === 'delete'
    ? `${which} is deleted from ${uri}; its files go with the first bcn prune after the grace`
    : `${which} is back in ${uri}`;
}
