import type { Io } from './io.js';
import type { Output } from './render/output.js';

/** What a command is given to do its work. */
export interface Context {
  readonly io: Io;
  readonly output: Output;
  /** Which services and credentials were chosen, and why; shown with errors that may be about them. */
  readonly used: Set<string>;
}

/** How a command ended without an error; `fields` go into the JSON summary, in snake case. */
export interface Ending {
  readonly exit: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type Action = (context: Context) => Promise<Ending>;

/** Called by the parser with the command that was asked for; it runs after parsing is over. */
export type Select = (name: string, action: Action) => void;
