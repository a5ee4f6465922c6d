import type { BcnError } from '../../errors.js';
import { type Io, writeBytes } from '../io.js';
import { debugText, errorText } from './error.js';
import type { Output } from './output.js';
import { printable } from './printable.js';
import { createProgress, type ProgressDisplay } from './progress.js';

/** Text for people: data on stdout, all else on stderr. `redact` blanks secrets in every line. */
export function createHumanOutput(io: Io, quiet: boolean, redact: (text: string) => string): Output {
  const clean = (text: string): string => printable(redact(text));
  const progress: ProgressDisplay = createProgress(io, quiet, clean);
  const out = (text: string): void => progress.around(() => io.stdout.write(`${clean(text)}\n`));
  const err = (text: string): void => progress.around(() => io.stderr.write(`${clean(text)}\n`));
  return {
    report: {
      progress: (value) => progress.show(value),
      warn: (message, context) => {
        const object = context?.object;
        err(`bcn: warning: ${message}${object === undefined || message.includes(object) ? '' : ` (${object})`}`);
      },
      info: (message) => {
        if (!quiet) err(message);
      },
    },
    item: (_type, _fields, text) => {
      if (text !== undefined) out(text);
    },
    text: out,
    bytes: (chunk) => writeBytes(io.stdout, chunk),
    step: (_title, text) => {
      if (!quiet) out(text);
    },
    say: (text) => {
      if (!quiet) out(text);
    },
    fail: (error: BcnError, used) => {
      progress.stop();
      err(errorText(error, used));
      if (io.env.BCN_DEBUG === '1') err(debugText(error));
    },
    finish: () => progress.stop(),
  };
}
