/** How a use case tells what it is doing. The CLI renders it (human, json, quiet); use cases never print. */
export interface Reporter {
  /** Called often; a renderer throttles. */
  progress(progress: Progress): void;
  /** Something the user should know that does not stop the command. */
  warn(message: string, context?: { readonly object?: string }): void;
  /** A step worth a line, such as "continuing run … of 2 hours ago". */
  info(message: string): void;
}

export interface Progress {
  /** Present participle and object, e.g. `copying data files`. */
  readonly phase: string;
  readonly done: number;
  readonly total?: number;
  /** bytes */
  readonly bytes?: number;
  readonly totalBytes?: number;
}
