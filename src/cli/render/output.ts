import type { BcnError } from '../../errors.js';
import type { Reporter } from '../../report.js';

/** The events that carry data; the rest of the envelope's types are made by the output itself. */
export type ItemType =
  | 'plan'
  | 'backup'
  | 'table'
  | 'diff'
  | 'record'
  | 'problem'
  | 'verdict'
  | 'deletion'
  | 'copy'
  | 'retention'
  | 'run'
  | 'policy';

/** How a command speaks. One implementation prints for people, one prints NDJSON. Commands and use cases never print otherwise. */
export interface Output {
  readonly report: Reporter;
  /** A piece of data: an event with these fields (snake case), or the text on stdout. */
  item(type: ItemType, fields: Readonly<Record<string, unknown>>, text?: string): void;
  /** Data for people that has no event of its own, such as a table of all backups. */
  text(text: string): void;
  /** Bytes for stdout, as they are; resolves when more may come. For people only: there is no event of them. */
  bytes(chunk: Uint8Array): Promise<void>;
  /** Something that was done, told as it happens: an `info` event, or the text on stdout. */
  step(title: string, text: string): void;
  /** The result in words: on stdout, unless --quiet. */
  say(text: string): void;
  /** The error that ends the command. `used`: services and credentials that were chosen. */
  fail(error: BcnError, used: readonly string[]): void;
  /** Last call, once, also after `fail`. */
  finish(exit: number, fields: Readonly<Record<string, unknown>>): void;
}
