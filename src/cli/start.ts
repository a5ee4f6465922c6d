import { BcnError } from '../errors.js';
import { main } from './main.js';

/** Runs the CLI in this process: signals, broken pipes, exit code. */
export async function start(): Promise<void> {
  const controller = new AbortController();
  let interrupted = false;
  const onSignal = (name: 'SIGINT' | 'SIGTERM', exit: number): void => {
    process.on(name, () => {
      // The second one means: now.
      if (interrupted) process.exit(exit);
      interrupted = true;
      controller.abort(new BcnError('interrupted', `Interrupted by ${name}`, { exit }));
    });
  };
  onSignal('SIGINT', 130);
  onSignal('SIGTERM', 143);
  for (const stream of [process.stdout, process.stderr]) ignoreBrokenPipe(stream);
  const code = await main(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    signal: controller.signal,
    crash: uncaught(),
  });
  process.exitCode = code;
  // A kept-alive connection must not hold the process, and buffered output must not be lost.
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

/** Errors that no part caught (unhandled rejections too). After the command has ended they change nothing any more. */
function uncaught(): Promise<never> {
  const crash = new Promise<never>((_resolve, reject) => {
    process.on('uncaughtException', reject);
  });
  crash.catch(() => undefined);
  return crash;
}

/** `bcn list | head -1` closes our stdout: what is written afterwards goes nowhere, and the command goes on. */
function ignoreBrokenPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
  });
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) resolve();
    else stream.write('', () => resolve());
  });
}
