import type { Subject } from './subject.js';

/** One ability: `measure` tries it and says in a few words what the store does. */
export interface Ability {
  /** First cell of its row in specs/05-stores.md. */
  readonly name: string;
  measure(subject: Subject): Promise<string>;
}

/** What is no question for this kind of store. */
export const NONE = '–';
