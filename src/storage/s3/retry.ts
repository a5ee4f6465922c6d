import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryOptions {
  readonly attempts: number;
  readonly when: (error: unknown) => boolean;
  readonly signal?: AbortSignal | undefined;
  /** ms before the second try, doubled for each further one, with jitter; default 100. */
  readonly base?: number;
}

/** For what the SDK does not retry by itself. Throws the last error; the signal ends the waiting. */
export async function retry<T>(options: RetryOptions, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt >= options.attempts || options.signal?.aborted || !options.when(error)) throw error;
      const delay = (options.base ?? 100) * 2 ** (attempt - 1) * (0.5 + Math.random());
      await sleep(delay, undefined, options.signal ? { signal: options.signal } : {});
    }
  }
}
