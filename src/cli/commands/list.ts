import type { Command } from 'commander';
import type { S3Flags } from '../../config/s3.js';
import { ERROR_EXIT } from '../../errors.js';
import type { Select } from '../invocation.js';
import { addPlaceOptions } from '../options.js';
import { backupsTable } from '../render/backups.js';
import { backupFields } from '../render/events.js';

/** `bcn list` */
export function addList(program: Command, select: Select): void {
  const command = program.command('list').description('List the backups of the repository, oldest first.');
  addPlaceOptions(command, ['repo']);
  command.action((flags: S3Flags) =>
    select('list', async (context) => {
      const { io, output } = context;
      const [{ openStorage }, { listBackups }] = await Promise.all([import('../wiring.js'), import('../../repository/list.js')]);
      const { repository, repositoryUri } = await openStorage(flags, context, ['repo']);
      const { backups, damaged } = await listBackups(repository, { signal: io.signal });
      for (const backup of backups) output.item('backup', backupFields(backup));
      if (backups.length > 0) output.text(backupsTable(backups));
      else if (damaged.length === 0) output.report.info(`No backups in ${repositoryUri}`);
      for (const { object, message } of damaged) output.report.warn(message, { object });
      const fields = { repository: repositoryUri, backups: backups.length, damaged: damaged.length };
      return damaged.length === 0 ? { exit: 0, fields } : { exit: ERROR_EXIT.partial, fields: { code: 'partial', ...fields } };
    }),
  );
}
