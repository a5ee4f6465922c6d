import type { Making } from './making.js';
import type { What } from './named-paths.js';

/** One statement of Spark, or something that SQL has no words for. */
export type Step = string | ((making: Making) => Promise<unknown>);

export interface Recipe {
  readonly make: (making: Making) => readonly Step[];
  /** What happens to it after a first backup: the one that is restored reuses much of it. */
  readonly later?: (making: Making) => readonly Step[];
  /** The ids that its current rows have: what the table is about. */
  readonly ids: readonly number[];
  /** Kinds of paths that its tree has to name, so that the walk is known to have seen them. */
  readonly names?: readonly What[];
  /** Why pyiceberg is not asked. */
  readonly notPyiceberg?: string;
  /** Why no engine writes to the restored table. */
  readonly notUsed?: string;
  /** Where its files lie but for its location; URIs. */
  readonly places?: (making: Making) => readonly string[];
  /** More options of the restore. */
  readonly restore?: (making: Making, target: string) => readonly string[];
  /** Default full. */
  readonly history?: 'current' | 'last:2';
  /** How many files of these kinds are gone: the restored table has no entries for them. */
  readonly lost?: Partial<Record<What, number>>;
}
