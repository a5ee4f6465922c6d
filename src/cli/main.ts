import { randomUUID } from 'node:crypto';
import { redactor } from '../config/secret.js';
import { BcnError } from '../errors.js';
import type { Context, Ending } from './invocation.js';
import type { Io } from './io.js';
import { commandOf, outputFlags, parse } from './parse.js';
import { toBcnError } from './render/error.js';
import { createHumanOutput } from './render/human.js';
import { createJsonOutput } from './render/json.js';
import type { Output } from './render/output.js';

/** Runs one command line (without node and script) and returns its exit code. Never throws. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const { json, quiet } = outputFlags(args);
  const redact = redactor(io.env);
  const output: Output = json
    ? createJsonOutput({
        write: (line) => io.stdout.write(redact(line)),
        cmd: commandOf(args),
        runId: randomUUID(),
        quiet,
      })
    : createHumanOutput(io, quiet, redact);
  const context: Context = { io, output, used: new Set() };
  const started = Date.now();
  try {
    const parsed = parse(args, io);
    if (parsed.kind === 'done') return 0;
    const { exit, fields } = await interruptible(parsed.action(context), io);
    output.finish(exit, { ...fields, seconds: (Date.now() - started) / 1000 });
    return exit;
  } catch (thrown) {
    const error = toBcnError(thrown, io.signal);
    output.fail(error, [...context.used]);
    output.finish(error.exit, { code: error.code, seconds: (Date.now() - started) / 1000 });
    return error.exit;
  }
}

/** A command that ended well although it was interrupted late has ended well; one that hangs on after the signal is not waited for. */
async function interruptible(ending: Promise<Ending>, { signal, crash }: Io): Promise<Ending> {
  const GRACE_MS = 10_000;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_resolve, reject) => {
    const start = (): void => {
      timer = setTimeout(() => reject(new BcnError('interrupted', 'Interrupted')), GRACE_MS);
    };
    if (signal.aborted) start();
    else signal.addEventListener('abort', start, { once: true });
  });
  try {
    return await Promise.race([ending, tooLong, ...(crash ? [crash] : [])]);
  } finally {
    clearTimeout(timer);
  }
}
