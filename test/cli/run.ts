import { main } from '../../src/cli/main.js';

// The SDK's notice about this Node version; bin/bcn.js does the same.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of stdout as JSON. */
  readonly events: () => readonly Readonly<Record<string, unknown>>[];
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  readonly crash?: Promise<never>;
}

/** Runs one command line in this process, without a terminal and with nothing but the given environment. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const text = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') => ({
    write: (chunk: string) => {
      text[name] += chunk;
    },
  });
  const exit = await main(args, {
    stdout: into('stdout'),
    stderr: into('stderr'),
    env: { HOME: '/nonexistent', ...options.env },
    cwd: options.cwd ?? process.cwd(),
    signal: options.signal ?? new AbortController().signal,
    crash: options.crash,
  });
  return { exit, ...text, events: () => parseEvents(text.stdout) };
}

export function parseEvents(stdout: string): readonly Readonly<Record<string, unknown>>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}
