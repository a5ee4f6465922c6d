import { type Command, Option } from 'commander';
import type { CatalogFlags } from '../../config/catalog.js';
import type { KeptFlags } from '../../config/kept.js';
import { jobsOf, tmpDirOf } from '../../config/limits.js';
import { warehouseBucket } from '../../config/places.js';
import type { S3Flags } from '../../config/s3.js';
import { fromFlag } from '../../config/sourced.js';
import { BcnError, ERROR_EXIT } from '../../errors.js';
import { NEWEST } from '../../repository/keys.js';
import { parseHistory } from '../../restore/history.js';
import type { LostFile } from '../../restore/losses.js';
import type { RestoreManyResult } from '../../restore/many.js';
import { parseMap } from '../../restore/map-option.js';
import type { RestoreDeps, RestoreOptions, RestoreResult } from '../../restore/options.js';
import { identOf } from '../ident.js';
import type { Context, Ending, Select } from '../invocation.js';
import {
  addCatalogOptions,
  addKeptOptions,
  addPlaceOptions,
  addWorkOptions,
  gather,
  NONE,
  required,
  writingTo,
} from '../options.js';
import { planFields } from '../render/events.js';
import { count, formatBytes } from '../render/numbers.js';
import type { Output } from '../render/output.js';
import { planText } from '../render/plan.js';

interface RestoreFlags extends CatalogFlags, S3Flags, KeptFlags {
  readonly table: readonly string[];
  readonly targetTable?: string;
  readonly targetLocation?: string;
  readonly keepUuid?: boolean;
  readonly createDatabase?: boolean;
  readonly history?: string;
  readonly map?: readonly string[];
  readonly mergeSpellings?: boolean;
  readonly allowDamaged?: boolean;
  readonly dryRun?: boolean;
  readonly abort?: boolean;
  readonly jobs?: string;
  readonly tmpDir?: string;
}

/** `bcn restore` */
export function addRestore(program: Command, select: Select): void {
  const command = program
    .command('restore')
    .description('Bring a table back from a backup, under any name and location, with its whole history.')
    .option('--backup-name <name>', 'the backup, or latest (required)')
    .option('--table <name>', 'database.table of a backup that holds several (repeatable; default: all)', gather, NONE)
    .option('--target-database <name>', 'database (namespace) of the restored tables (required)')
    .option('--target-table <name>', 'name of the restored table (default: its own)')
    .option(
      '--target-location <uri>',
      'its location, with {database} and {table} for several (default: below WAREHOUSE_BUCKET, or the place the catalog gives it)',
    )
    .option('--create-database', 'make the target database when there is none')
    .option(
      '--history <which>',
      'full, current (the current snapshot alone) or last:N (it and the N - 1 before it on main)',
      'full',
    )
    .option(
      '--map <source=target>',
      'where files outside the table location go (repeatable; default: below the target location)',
      gather,
      NONE,
    )
    .option('--merge-spellings', 'let deletes apply to data files whose paths they spell otherwise (s3a:// beside s3://)')
    .option(
      '--allow-damaged',
      'bring back what there is of a backup that is incomplete or damaged; what is lost is named (exit 3)',
    )
    .option('--keep-uuid', 'keep the table uuid instead of making a new one')
    .option('--dry-run', 'print the plan and write nothing')
    .addOption(new Option('--abort', 'remove what an interrupted restore left at the target').conflicts('dryRun'));
  addCatalogOptions(command);
  addPlaceOptions(command, ['repo', 'target', 'source']);
  addKeptOptions(command, 'target');
  addWorkOptions(command);
  command.action((flags: RestoreFlags) => {
    const names = required(command, 'backupName', 'targetDatabase');
    if (flags.targetTable !== undefined && flags.table.length > 1)
      throw new BcnError('usage', '--target-table is the name of one table, and --table names several', {
        hint: 'Leave --target-table out: each keeps its own name.',
      });
    if (flags.targetTable === undefined && flags.abort === true) required(command, 'targetTable');
    const targetLocation = fromFlag(flags.targetLocation, '--target-location')?.value;
    const jobs = jobsOf(flags.jobs);
    const history = parseHistory(flags.history ?? 'full');
    const maps = (flags.map ?? []).map(parseMap);
    select('restore', (context) => run({ ...flags, ...names, targetLocation }, { jobs, history, maps }, context));
  });
}

type Flags = RestoreFlags & Record<'backupName' | 'targetDatabase', string>;

type Parsed = Pick<RestoreOptions, 'jobs' | 'history' | 'maps'>;

async function run(flags: Flags, parsed: Parsed, context: Context): Promise<Ending> {
  const { io, output } = context;
  const tmpDir = await tmpDirOf(flags.tmpDir, io.cwd);
  const { openStorage, openCatalog } = await import('../wiring.js');
  const storage = await openStorage(writingTo('target', flags), context, ['repo', 'target', 'source']);
  const catalog = await openCatalog(flags, context, storage.target);
  const { repository, target, source } = storage;
  const deps: RestoreDeps = { catalog, repository, target, source, report: output.report };
  const common = {
    backupName: flags.backupName,
    warehouseBucket: warehouseBucket(io.env).value,
    keepUuid: flags.keepUuid === true,
    createNamespace: flags.createDatabase === true,
    ...parsed,
    mergeSpellings: flags.mergeSpellings === true,
    allowDamaged: flags.allowDamaged === true,
    // For people the first ones are warnings.
    onLost: ({ object, message }: LostFile) => output.item('problem', { object, message }),
    dryRun: flags.dryRun === true,
    tmpDir,
    signal: io.signal,
    ...(flags.targetLocation !== undefined && { targetLocation: flags.targetLocation }),
  };
  const { targetTable } = flags;
  const ident = (name: string) => identOf(catalog, flags.targetDatabase, name);
  try {
    if (targetTable === undefined) {
      const { restoreMany } = await import('../../restore/many.js');
      const { namespace } = ident('');
      return endMany(await restoreMany(deps, { ...common, tables: flags.table, namespace }), flags.backupName, context);
    }
    const [table] = flags.table;
    const options: RestoreOptions = { ...common, target: ident(targetTable), ...(table !== undefined && { table }) };
    if (flags.abort === true) return await abort(deps, options, context);
    const { restore } = await import('../../restore/restore.js');
    return end(await restore(deps, options), flags.backupName, context);
  } finally {
    await catalog.close();
  }
}

async function abort(deps: RestoreDeps, options: RestoreOptions, { output }: Context): Promise<Ending> {
  const { abortRestore } = await import('../../restore/abort.js');
  const { location, objects } = await abortRestore(deps, options);
  output.say(`Removed ${count(objects, 'object')} of an interrupted restore below ${location}`);
  return { exit: 0, fields: { outcome: 'aborted', name: options.backupName, location, objects } };
}

function end(result: RestoreResult, name: string, { output }: Context): Ending {
  return ending(tell(result, name, output), result.lost === undefined);
}

function ending(fields: Readonly<Record<string, unknown>>, whole: boolean): Ending {
  return whole ? { exit: 0, fields } : { exit: ERROR_EXIT.partial, fields: { code: 'partial', ...fields } };
}

/** One table is told as if it had been asked for alone. */
function endMany({ results, failed }: RestoreManyResult, name: string, { output }: Context): Ending {
  const restored = results.map((result) => tell(result, name, output));
  const [only] = restored;
  const whole = failed.length === 0 && results.every(({ lost }) => lost === undefined);
  if (failed.length === 0 && only && restored.length === 1) return ending(only, whole);
  const outcome = only?.outcome ?? 'restored';
  const fields = { outcome, name, restored, ...(failed.length > 0 && { failed }) };
  if (failed.length === 0) return ending(fields, whole);
  output.text(
    `${count(failed.length, 'table')} of ${failed.length + results.length} not restored: ${failed.map(({ table }) => table).join(', ')}`,
  );
  return ending(fields, false);
}

function tell(result: RestoreResult, asked: string, output: Output) {
  const name = asked === NEWEST ? result.backup : asked;
  const { outcome, plan, table, location, metadataLocation, tableUuid, lost } = result;
  if (plan !== undefined) output.item('plan', planFields(plan), outcome === 'planned' ? planText(plan) : undefined);
  if (outcome !== 'planned') {
    const verb = outcome === 'already' ? 'had been restored already' : 'is restored';
    const history = plan === undefined ? '' : ` with ${count(plan.snapshots, 'snapshot')}`;
    const lacks = lost === undefined ? '' : `; WITHOUT ${count(lost.objects, 'file')} that it names (${formatBytes(lost.bytes)})`;
    output.say(`${table} ${verb} from backup ${name}${history}, at ${location}${lacks}`);
  }
  const made = outcome === 'planned' ? {} : { metadata_location: metadataLocation ?? null, table_uuid: tableUuid ?? null };
  return { outcome, name, table, location, ...made, ...(lost && { lost }) };
}
