import { type BcnError, isCode } from '../errors.js';
import { sectionId } from '../repository/root.js';
import { Sorter } from '../spill/sorter.js';
import type { Problem } from './options.js';
import type { Target } from './targets.js';

/** What kind of object is damaged, which says how it can be brought again. */
export type Part = 'record' | 'root' | 'metadata' | 'list' | 'manifest' | 'section' | 'content';

/** A table of a backup that is checked. */
export interface Owner {
  readonly target: Target;
  /** Place in the COMMIT's `tables`. */
  readonly table: number;
}

export interface Found {
  readonly part: Part;
  /** Without the repository's prefix; of a `reference` backup's file its URI. */
  readonly key: string;
  /** Of a section: where it begins in its pack. */
  readonly offset?: number;
  /** URI */
  readonly object: string;
  readonly message: string;
}

/** Ids of damaged objects that are remembered in memory, to see who else needs them. */
const REMEMBERED = 100_000;

/** All that is found: counted for each backup, told to whoever asked, and kept on disk. */
export class Findings {
  readonly sorter: Sorter<Found & { readonly k: string }>;
  /** `damagedId` of what is damaged. */
  readonly ids = new Set<string>();
  count = 0;
  #said = '';
  readonly #tell: (problem: Problem) => void;

  constructor(scratch: string, tell: (problem: Problem) => void = () => {}) {
    this.sorter = new Sorter(scratch, 'findings');
    this.#tell = tell;
  }

  async add(found: Found, owners: readonly Owner[]): Promise<void> {
    const { object, message } = found;
    const targets = new Map<Target, number[]>();
    for (const { target, table } of owners) targets.set(target, [...(targets.get(target) ?? []), table]);
    for (const [target, tables] of targets) target.found({ key: found.key, message, tables: [...new Set(tables)] });
    if (this.ids.size < REMEMBERED) this.ids.add(damagedId(found));
    // A pack that is missing is one problem, however many sections it had.
    const said = `${object}\n${message}`;
    if (said !== this.#said) {
      this.count++;
      this.#tell({ object, message, backups: [...targets.keys()].map(({ selector }) => selector) });
    }
    this.#said = said;
    await this.sorter.add({ k: damagedId(found), ...found });
  }
}

/** What tells a damaged object from others: a section is a part of its pack. */
export const damagedId = ({ key, offset }: Pick<Found, 'key' | 'offset'>): string =>
  offset === undefined ? key : sectionId({ key, offset });

/** The message of an error that is a finding; anything else kept verify from looking and is thrown. */
export function asFinding(error: unknown): BcnError {
  if (!isCode(error, 'corrupt', 'unsupported', 'object-not-found', 'object-archived')) throw error;
  return error;
}
