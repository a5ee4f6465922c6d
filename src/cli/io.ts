import type { Env } from '../config/sourced.js';

/** A stream that text goes to. */
export interface TextStream {
  write(text: string | Uint8Array): unknown;
  once?(event: 'drain' | 'close', listener: () => void): unknown;
  off?(event: 'drain' | 'close', listener: () => void): unknown;
  readonly destroyed?: boolean;
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

/** Writes bytes, and waits where the stream asks for it; one that was closed takes no more, and says nothing. */
export async function writeBytes(stream: TextStream, chunk: Uint8Array): Promise<void> {
  if (stream.write(chunk) !== false || stream.once === undefined || stream.destroyed === true) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'close'] as const) stream.off?.(event, done);
      resolve();
    };
    for (const event of ['drain', 'close'] as const) stream.once?.(event, done);
  });
}
