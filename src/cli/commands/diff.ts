import type { Command } from 'commander';
import type { Catalog } from '../../catalog/port.js';
import type { CatalogFlags } from '../../config/catalog.js';
import { tmpDirOf } from '../../config/limits.js';
import type { S3Flags } from '../../config/s3.js';
import type { DiffOptions, DiffResult } from '../../diff/diff.js';
import { ERROR_EXIT } from '../../errors.js';
import { tablePattern } from '../../look/filters.js';
import type { Context, Ending, Select } from '../invocation.js';
import { addCatalogOptions, addPlaceOptions } from '../options.js';
import { diffCounts, diffSentence, tableDiffFields, tableDiffText } from '../render/diff.js';

interface DiffFlags extends CatalogFlags, S3Flags {
  readonly table?: string;
  readonly tmpDir?: string;
}

/** `bcn diff A B` */
export function addDiff(program: Command, select: Select): void {
  const command = program
    .command('diff')
    .description(
      'Show what changed from a backup to another one, or to the table as it is now. Exit 0 whether they differ or not.',
    )
    .argument('<a>', 'the earlier backup, or latest')
    .argument('<b>', 'the later backup, latest, or live: the table in its catalog')
    .option('--table <pattern>', 'only this table, as database.table; * and ? are wildcards')
    .option('--tmp-dir <folder>', 'where spill files go (default: the temporary folder of the system)');
  addCatalogOptions(command);
  addPlaceOptions(command, ['repo', 'source']);
  command.action((from: string, to: string, flags: DiffFlags) => {
    const table = flags.table === undefined ? {} : { table: tablePattern(flags.table) };
    select('diff', (context) => run({ from, to, ...table }, flags, context));
  });
}

async function run(asked: Pick<DiffOptions, 'from' | 'to' | 'table'>, flags: DiffFlags, context: Context): Promise<Ending> {
  const { io, output } = context;
  const tmpDir = await tmpDirOf(flags.tmpDir, io.cwd);
  const [{ openStorage, openCatalog }, { diff }] = await Promise.all([import('../wiring.js'), import('../../diff/diff.js')]);
  const { repository, source } = await openStorage(flags, context, ['repo', 'source']);
  let opened: Promise<Catalog> | undefined;
  const catalog = (): Promise<Catalog> => {
    opened ??= openCatalog(flags, context, source);
    return opened;
  };
  try {
    const deps = { repository, source, catalog, report: output.report };
    return end(await diff(deps, { ...asked, tmpDir, signal: io.signal }), context);
  } finally {
    await (await opened)?.close();
  }
}

function end(result: DiffResult, { output }: Context): Ending {
  const { from, to, tables } = result;
  for (const table of tables) {
    output.item('diff', tableDiffFields(table), tableDiffText(table));
    const { error } = table;
    if (error) output.report.warn(`${table.table}: ${error.message}`, { ...(error.object && { object: error.object }) });
  }
  output.say(diffSentence(result));
  const { changed, damaged } = diffCounts(tables);
  const fields = { from, to, tables: tables.length, changed, damaged };
  return damaged === 0 ? { exit: 0, fields } : { exit: ERROR_EXIT.partial, fields: { code: 'partial', ...fields } };
}
