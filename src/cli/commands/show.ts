import type { Command } from 'commander';
import type { S3Flags } from '../../config/s3.js';
import { ERROR_EXIT } from '../../errors.js';
import { commitKey, NEWEST } from '../../repository/keys.js';
import type { Context, Ending, Select } from '../invocation.js';
import { addPlaceOptions } from '../options.js';
import { backupFacts } from '../render/backups.js';
import { shownFields } from '../render/events.js';
import { tableFields } from '../render/table-fields.js';

/** `bcn show NAME` */
export function addShow(program: Command, select: Select): void {
  const command = program
    .command('show')
    .description('Show all facts of a backup and of its tables.')
    .argument('<name>', 'the backup, or latest');
  addPlaceOptions(command, ['repo']);
  command.action((name: string, flags: S3Flags) => select('show', (context) => run(name, flags, context)));
}

async function run(asked: string, flags: S3Flags, context: Context): Promise<Ending> {
  const { io, output } = context;
  const [{ openStorage }, { showBackup }] = await Promise.all([import('../wiring.js'), import('../../look/show.js')]);
  const { repository, repositoryUri } = await openStorage(flags, context, ['repo']);
  const shown = await showBackup(repository, asked, { signal: io.signal });
  const { selector } = shown.backup;
  output.item('backup', shownFields(shown), backupFacts(shown, `${repositoryUri}/${commitKey(selector)}`));
  for (const { table, facts } of shown.tables) if (facts) output.item('table', tableFields(table, facts));
  const damaged = shown.tables.flatMap(({ error }) => error ?? []);
  for (const { message, object, table } of damaged) output.report.warn(`${table}: ${message}`, { ...(object && { object }) });
  const fields = {
    repository: repositoryUri,
    name: asked === NEWEST ? selector : asked,
    tables: shown.tables.length,
    damaged: damaged.length,
  };
  return damaged.length === 0 ? { exit: 0, fields } : { exit: ERROR_EXIT.partial, fields: { code: 'partial', ...fields } };
}
