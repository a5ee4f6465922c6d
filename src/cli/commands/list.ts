import type { Command } from 'commander';
import type { S3Flags } from '../../config/s3.js';
import { ERROR_EXIT } from '../../errors.js';
import { parseSince, tablePattern } from '../../look/filters.js';
import type { BackupList, ListFilter } from '../../repository/list.js';
import type { RepositoryPlace } from '../../repository/place.js';
import type { Context, Ending, Select } from '../invocation.js';
import { addPlaceOptions } from '../options.js';
import { listedFields } from '../render/events.js';
import { listText } from '../render/list.js';
import { listTotals } from '../render/totals.js';

interface ListFlags extends S3Flags {
  readonly table?: string;
  readonly since?: string;
  readonly retention?: boolean;
}

/** `bcn list` */
export function addList(program: Command, select: Select): void {
  const command = program
    .command('list')
    .description('List the backups of the repository, oldest first, with totals.')
    .option('--table <pattern>', 'only backups of this table, as database.table; * and ? are wildcards')
    .option('--since <when>', 'only backups made since then: 30d (h, d, w) or 2026-11-01')
    .option('--retention', 'also until when all of each backup is under retention (object lock); reads inventories');
  addPlaceOptions(command, ['repo']);
  command.action((flags: ListFlags) => {
    const filter: ListFilter = {
      ...(flags.table !== undefined && { table: tablePattern(flags.table) }),
      ...(flags.since !== undefined && { since: parseSince(flags.since) }),
    };
    select('list', (context) => run(flags, filter, context));
  });
}

async function run(flags: ListFlags, filter: ListFilter, context: Context): Promise<Ending> {
  const { io, output } = context;
  const [{ openStorage }, { listBackups }] = await Promise.all([import('../wiring.js'), import('../../repository/list.js')]);
  const { repository, repositoryUri } = await openStorage(flags, context, ['repo']);
  const found = await listBackups(repository, { signal: io.signal }, filter);
  const list = flags.retention === true ? await withRetention(found, repository, context) : found;
  const { backups, damaged } = list;
  for (const backup of backups) output.item('backup', listedFields(backup));
  if (backups.length + damaged.length > 0) output.text(listText(list, io.stdout.isTTY ? io.stdout.columns : undefined));
  else output.report.info(`No backups ${Object.keys(filter).length > 0 ? 'like that ' : ''}in ${repositoryUri}`);
  for (const { object, message } of damaged) output.report.warn(message, { object });
  const { tables, files, bytes } = listTotals(list);
  const fields = { repository: repositoryUri, backups: backups.length, damaged: damaged.length, tables, files, bytes };
  return damaged.length === 0 ? { exit: 0, fields } : { exit: ERROR_EXIT.partial, fields: { code: 'partial', ...fields } };
}

async function withRetention(list: BackupList, place: RepositoryPlace, { io, output }: Context): Promise<BackupList> {
  const { lockedUntil } = await import('../../look/retention.js');
  const selectors = new Set(list.backups.map(({ selector }) => selector));
  const ends = await lockedUntil(place, selectors, output.report, { signal: io.signal });
  if (!ends) output.report.info(`${place.store.uri} has no object lock`);
  const iso = (end: number | undefined) => (end === undefined ? null : new Date(end).toISOString());
  return { ...list, backups: list.backups.map((backup) => ({ ...backup, lockedUntil: iso(ends?.get(backup.selector)) })) };
}
