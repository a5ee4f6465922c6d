import type { Env } from '../config/sourced.js';

/** A stream that text goes to. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** All that the CLI touches of its process, so that tests can run it within theirs. */
export interface Io {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Env;
  readonly cwd: string;
  /** Aborted by SIGINT or SIGTERM; the reason is a BcnError with the exit code. */
  readonly signal: AbortSignal;
  /** Rejects with an error that nobody caught, so that it ends the command like any other: rendered, with a summary. */
  readonly crash?: Promise<never>;
}
