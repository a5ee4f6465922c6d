import type { Backup } from '../repository/commit.js';
import { writeHint } from '../repository/hints.js';
import { commitKey } from '../repository/keys.js';
import { findNamesakes } from '../repository/load.js';
import { placeUri } from '../repository/place.js';
import type { CallOptions } from '../storage/port.js';
import type { BackupDeps } from './options.js';
import { endRun } from './run.js';

/** The last words of a run: hints, then its end. */
export async function finish(
  { repository: place }: Pick<BackupDeps, 'repository'>,
  backup: Backup,
  begun: boolean,
  call: CallOptions,
): Promise<void> {
  for (const { catalog, identifier } of backup.tables)
    await writeHint(place, { catalog: catalog.identity, table: identifier.join('.') }, backup);
  if (begun) await endRun(place, backup.run, call);
}

/** Two that looked for the name before either had committed have both taken it. At least one of the two is told. */
export async function tellNamesakes(
  { repository, report }: Pick<BackupDeps, 'repository' | 'report'>,
  backup: Backup,
  call: CallOptions,
): Promise<void> {
  const found = await findNamesakes(repository, backup.name, true, call).catch(() => []);
  const others = found.filter(({ run }) => run !== backup.run).map(({ selector }) => selector);
  if (others.length === 0) return;
  report.warn(
    `there are other backups "${backup.name}", made at the same time: ${others.join(', ')}; this one is ${backup.selector}`,
    {
      object: `${placeUri(repository)}/${commitKey(backup.selector)}`,
    },
  );
}
