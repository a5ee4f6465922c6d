import type { Command } from 'commander';
import type { S3Flags } from '../../config/s3.js';
import { BcnError } from '../../errors.js';
import type { CatObject, CatOptions } from '../../look/cat.js';
import { tablePattern } from '../../look/filters.js';
import type { Context, Ending, Select } from '../invocation.js';
import { addPlaceOptions } from '../options.js';

interface CatFlags extends S3Flags {
  readonly table?: string;
  readonly raw?: boolean;
}

/** `bcn cat NAME [WHAT]` */
export function addCat(program: Command, select: Select): void {
  const command = program
    .command('cat')
    .description('Print an object of the repository: of a backup, or by its key.')
    .argument('<name>', 'a backup, or latest; or a key (bcn.json, runs/…) or URI of the repository')
    .argument('[what]', 'root, metadata, list:SNAPSHOT, list:current, manifest:N or inventory; default: its record')
    .option('--table <pattern>', 'of this table, as database.table, where the backup holds several')
    .option('--raw', 'the bytes as they are, unchecked');
  addPlaceOptions(command, ['repo']);
  command.action((what: string, part: string | undefined, flags: CatFlags) => {
    if (flags.raw === true && command.optsWithGlobals().json === true) {
      throw new BcnError('usage', '--raw cannot be used with --json', { hint: 'Bytes are no events: leave one of the two out.' });
    }
    const options = {
      what,
      ...(part !== undefined && { part }),
      ...(flags.table !== undefined && { table: tablePattern(flags.table) }),
    };
    select('cat', (context) => run(options, flags, context));
  });
}

async function run(options: CatOptions, flags: CatFlags, context: Context): Promise<Ending> {
  const [{ openStorage }, { findObjectToCat }] = await Promise.all([import('../wiring.js'), import('../../look/cat.js')]);
  const { repository, repositoryUri } = await openStorage(flags, context, ['repo']);
  const object = await findObjectToCat(repository, { ...options, signal: context.io.signal });
  const print = flags.raw === true ? printBytes : printRecords;
  await print(object, context);
  return { exit: 0, fields: { repository: repositoryUri, object: object.uri } };
}

async function printBytes(object: CatObject, { output }: Context): Promise<void> {
  for await (const chunk of object.raw()) await output.bytes(chunk);
}

async function printRecords(object: CatObject, { output }: Context): Promise<void> {
  const { prettyLines } = await import('../../look/pretty.js');
  for await (const { text, document } of object.records()) {
    const shown = visible(text);
    output.item('record', { text: shown }, document ? [...prettyLines(shown)].join('\n') : shown);
  }
}

/** What a terminal would obey, as JSON escapes: such characters stand in strings only, so the value stays. */
function visible(json: string): string {
  return json.replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
