import { Command, CommanderError } from 'commander';
import { BcnError } from '../errors.js';
import { nearest } from '../nearest.js';
import { VERSION } from '../version.js';
import { addBackup } from './commands/backup.js';
import { addCat } from './commands/cat.js';
import { addCopy } from './commands/copy.js';
import { addDelete, addUndelete } from './commands/delete.js';
import { addDemo } from './commands/demo.js';
import { addDiff } from './commands/diff.js';
import { addForget } from './commands/forget.js';
import { addList } from './commands/list.js';
import { addPolicy } from './commands/policy.js';
import { addPrune } from './commands/prune.js';
import { addRestore } from './commands/restore.js';
import { addRuns } from './commands/runs.js';
import { addShow } from './commands/show.js';
import { addVerify } from './commands/verify.js';
import { helpFooter } from './help.js';
import type { Action, Select } from './invocation.js';
import type { Io } from './io.js';

/** What a command line asks for. */
export type Parsed = { readonly kind: 'run'; readonly name: string; readonly action: Action } | { readonly kind: 'done' };

/**
 * Reads the arguments (without node and script). `done` = help or version was printed.
 * Throws `usage` with a suggestion for anything that is not understood; nothing has run then.
 */
export function parse(args: readonly string[], io: Io): Parsed {
  let chosen: Parsed = { kind: 'done' };
  const program = buildProgram(io, (name, action) => {
    chosen = { kind: 'run', name, action };
  });
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return chosen;
    throw usageError(error, program, args);
  }
  return chosen;
}

/** `--json` and `--quiet` of a command line that may not be valid otherwise. */
export function outputFlags(args: readonly string[]): { readonly json: boolean; readonly quiet: boolean } {
  const end = args.indexOf('--');
  const flags = new Set(end === -1 ? args : args.slice(0, end));
  return { json: flags.has('--json'), quiet: flags.has('--quiet') || flags.has('-q') };
}

const COMMANDS = new Set(
  'backup restore list show diff cat verify delete undelete forget prune runs copy policy demo'.split(' '),
);

/** The command that a command line seems to mean, for events about a line that cannot be parsed. */
export function commandOf(args: readonly string[]): string | null {
  return args.find((arg) => COMMANDS.has(arg)) ?? null;
}

export function buildProgram(io: Io, select: Select): Command {
  const program = new Command('bcn')
    .description('Backups of Apache Iceberg tables that you can prove.')
    .version(VERSION, '--version', 'print the version')
    .option('--json', 'print events as JSON, one per line; the last one is the summary')
    .option('-q, --quiet', 'print nothing but data, warnings and errors')
    .helpOption('-h, --help', 'print help')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // Errors are rendered in one place, with a suggestion.
      outputError: () => undefined,
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    })
    .exitOverride()
    .addHelpText('after', helpFooter());
  const retention = [addDelete, addUndelete, addForget, addPrune, addRuns];
  const looking = [addList, addShow, addDiff, addCat, addVerify];
  for (const add of [addBackup, addRestore, ...looking, ...retention, addCopy, addPolicy, addDemo]) add(program, select);
  return program;
}

function usageError(error: CommanderError, program: Command, args: readonly string[]): BcnError {
  const command = program.commands.find((candidate) => candidate.name() === commandOf(args));
  const see = `See bcn ${command === undefined ? '' : `${command.name()} `}--help`;
  const message = error.message.replace(/^error: /, '').split('\n')[0] ?? '';
  if (error.code === 'commander.help') return new BcnError('usage', 'No command given', { hint: see });
  if (error.code === 'commander.unknownOption') {
    // Only the name: the value of `--secret-key=…` must not be repeated.
    const flag = (/^unknown option '(-[^=']*)/.exec(message)?.[1] ?? 'option').trim();
    const options = [...(command?.options ?? []), ...program.options].flatMap((option) => option.long ?? []);
    return new BcnError('usage', `Unknown option ${flag}`, { hint: suggestion(flag, [...options, '--help'], see) });
  }
  if (error.code === 'commander.unknownCommand') {
    const name = /^unknown command '(.*)'$/.exec(message)?.[1] ?? '';
    const names = program.commands.map((candidate) => candidate.name());
    return new BcnError('usage', `Unknown command "${name}"`, { hint: suggestion(name, names, see) });
  }
  return new BcnError('usage', message.charAt(0).toUpperCase() + message.slice(1), { hint: see });
}

function suggestion(wrong: string, candidates: readonly string[], see: string): string {
  const bare = new Map(candidates.map((candidate) => [candidate.replace(/^-+/, ''), candidate]));
  const near = nearest(wrong.replace(/^-+/, ''), [...bare.keys()]).map((name) => bare.get(name));
  return near.length === 0 ? see : `Did you mean ${near.join(' or ')}? ${see}`;
}
