import type { Command } from 'commander';
import type { S3Flags } from '../../config/s3.js';
import type { Select } from '../invocation.js';
import { addPlaceOptions } from '../options.js';
import { backupFacts } from '../render/backups.js';
import { backupFields } from '../render/events.js';

/** `bcn show NAME` */
export function addShow(program: Command, select: Select): void {
  const command = program.command('show').description('Show all facts of a backup.').argument('<name>', 'the backup');
  addPlaceOptions(command, ['repo']);
  command.action((name: string, flags: S3Flags) =>
    select('show', async (context) => {
      const { io, output } = context;
      const [{ openStorage }, { loadBackup }, { summarise }, { commitKey }] = await Promise.all([
        import('../wiring.js'),
        import('../../repository/load.js'),
        import('../../repository/commit.js'),
        import('../../repository/keys.js'),
      ]);
      const { repository, repositoryUri } = await openStorage(flags, context, ['repo']);
      const backup = summarise(await loadBackup(repository, name, { signal: io.signal }));
      output.item('backup', backupFields(backup), backupFacts(backup, `${repositoryUri}/${commitKey(backup.selector)}`));
      return { exit: 0, fields: { repository: repositoryUri, name } };
    }),
  );
}
