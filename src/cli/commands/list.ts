import type { Command } from 'commander';
import type { S3Flags } from '../../config/s3.js';
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
      const backups = await listBackups(repository, { signal: io.signal });
      for (const backup of backups) output.item('backup', backupFields(backup));
      if (backups.length > 0) output.text(backupsTable(backups));
      else output.report.info(`No backups in ${repositoryUri}`);
      return { exit: 0, fields: { repository: repositoryUri, backups: backups.length } };
    }),
  );
}
