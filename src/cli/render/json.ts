import type { BcnError } from '../../errors.js';
import type { Progress, Reporter } from '../../report.js';
import { errorFields } from './error.js';
import type { Output } from './output.js';

export interface JsonOptions {
  readonly write: (line: string) => void;
  readonly cmd: string | null;
  readonly runId: string;
  readonly quiet: boolean;
  readonly now?: () => number;
}

const PROGRESS_EVERY_MS = 1000;

/** NDJSON on stdout: one envelope `{v, type, ts, cmd, run_id, …}` per line (specs/schemas). */
export function createJsonOutput({ write, cmd, runId, quiet, now = Date.now }: JsonOptions): Output {
  const emit = (type: string, fields: Readonly<Record<string, unknown>>): void => {
    const head = { v: 1, type, ts: new Date(now()).toISOString(), cmd, run_id: runId };
    write(`${JSON.stringify({ ...head, ...fields })}\n`);
  };
  return {
    report: createReporter(emit, quiet, now),
    item: (type, fields) => emit(type, fields),
    text: () => undefined,
    bytes: () => Promise.resolve(),
    step: (title) => {
      if (!quiet) emit('info', { message: title });
    },
    say: () => undefined,
    fail: (error: BcnError, used) => emit('error', errorFields(error, used)),
    finish: (exit, fields) => emit('summary', { ok: exit === 0, exit, ...fields }),
  };
}

type Emit = (type: string, fields: Readonly<Record<string, unknown>>) => void;

function createReporter(emit: Emit, quiet: boolean, now: () => number): Reporter {
  let phase = '';
  let last = 0;
  return {
    progress(progress: Progress) {
      const ended = progress.total !== undefined && progress.done >= progress.total;
      const due = progress.phase !== phase || ended || now() - last >= PROGRESS_EVERY_MS;
      if (quiet || !due) return;
      phase = progress.phase;
      last = now();
      emit('progress', {
        phase,
        done: progress.done,
        total: progress.total ?? null,
        bytes: progress.bytes ?? null,
        total_bytes: progress.totalBytes ?? null,
      });
    },
    warn: (message, context) => emit('warning', { message, object: context?.object ?? null }),
    info: (message) => {
      if (!quiet) emit('info', { message });
    },
  };
}
