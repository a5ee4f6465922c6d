import type { Ora } from 'ora';
import type { Progress } from '../../report.js';
import type { Io } from '../io.js';
import { formatBytes, formatCount } from './numbers.js';

/** Shows how far a command is: a spinner on a terminal, else a line per phase and one every half minute. */
export interface ProgressDisplay {
  show(progress: Progress): void;
  /** Runs a function that writes lines, with the spinner out of the way. */
  around(write: () => void): void;
  stop(): void;
}

const SPINNER_EVERY_MS = 100;
const LINE_EVERY_MS = 30_000;

export function createProgress(io: Io, quiet: boolean, clean: (text: string) => string, now = Date.now): ProgressDisplay {
  if (quiet) return { show: () => undefined, around: (write) => write(), stop: () => undefined };
  const interactive = io.stderr.isTTY === true && io.env.TERM !== 'dumb' && io.env.CI === undefined;
  return interactive ? createSpinner(io, clean, now) : createLines(io, clean, now);
}

function createLines(io: Io, clean: (text: string) => string, now: () => number): ProgressDisplay {
  let phase = '';
  let last = 0;
  return {
    show(progress) {
      if (progress.phase === phase && now() - last < LINE_EVERY_MS) return;
      phase = progress.phase;
      last = now();
      io.stderr.write(`${clean(progressText(progress))}\n`);
    },
    around: (write) => write(),
    stop: () => undefined,
  };
}

function createSpinner(io: Io, clean: (text: string) => string, now: () => number): ProgressDisplay {
  let spinner: Ora | undefined;
  let stopped = false;
  let text = '';
  let last = Number.NEGATIVE_INFINITY;
  let asked = false;
  const start = async (): Promise<void> => {
    const { default: ora } = await import('ora');
    if (stopped) return;
    // Without discardStdin: it would take Ctrl-C away from us.
    spinner = ora({ text, stream: io.stderr as NodeJS.WriteStream, discardStdin: false, isEnabled: true }).start();
  };
  return {
    show(progress) {
      if (stopped) return;
      const ended = progress.total !== undefined && progress.done >= progress.total;
      if (!ended && now() - last < SPINNER_EVERY_MS) return;
      last = now();
      text = clean(progressText(progress));
      if (spinner !== undefined) spinner.text = text;
      else if (!asked) {
        asked = true;
        void start();
      }
    },
    around(write) {
      const running = spinner?.isSpinning === true;
      if (running) spinner?.clear();
      write();
      if (running) spinner?.render();
    },
    stop() {
      stopped = true;
      spinner?.stop();
    },
  };
}

/** `copying data files  12/40  1.2 GiB of 3.0 GiB` */
export function progressText({ phase, done, total, bytes, totalBytes }: Progress): string {
  const parts = [phase];
  if (total !== undefined) parts.push(`${formatCount(done)}/${formatCount(total)}`);
  else if (done > 0) parts.push(formatCount(done));
  if (totalBytes !== undefined && totalBytes > 0) parts.push(`${formatBytes(bytes ?? 0)} of ${formatBytes(totalBytes)}`);
  else if (bytes !== undefined && bytes > 0) parts.push(formatBytes(bytes));
  return parts.join('  ');
}
