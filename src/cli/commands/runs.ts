import type { Command } from 'commander';
import type { S3Flags } from '../../config/s3.js';
import type { Select } from '../invocation.js';
import { addPlaceOptions } from '../options.js';
import { runsTable } from '../render/retention.js';
import { runFields } from '../render/retention-events.js';

/** `bcn runs` */
export function addRuns(program: Command, select: Select): void {
  const command = program
    .command('runs')
    .description('List the runs that are at work or were interrupted, oldest first, and whether a rerun would continue them.');
  addPlaceOptions(command, ['repo']);
  command.action((flags: S3Flags) =>
    select('runs', async (context) => {
      const { io, output } = context;
      const [{ openStorage }, { unfinishedRuns }] = await Promise.all([import('../wiring.js'), import('../../runs/runs.js')]);
      const { repository, repositoryUri } = await openStorage(flags, context, ['repo']);
      const { runs, now, foreign } = await unfinishedRuns(repository, { signal: io.signal });
      for (const run of runs) output.item('run', runFields(run));
      if (runs.length > 0) output.text(runsTable(runs, now));
      else output.report.info(`No unfinished runs in ${repositoryUri}`);
      for (const name of foreign) output.report.warn(`runs/${name} is not of bcn`, { object: `${repositoryUri}/runs/${name}` });
      return { exit: 0, fields: { repository: repositoryUri, runs: runs.length } };
    }),
  );
}
