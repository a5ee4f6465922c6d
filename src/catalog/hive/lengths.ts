import { BcnError } from '../../errors.js';
import type { HiveColumn } from './types.js';

/**
 * The widest columns that any release's schema has (scripts/metastore/upgrade of Hive 3.1 to 4.0, for Derby, PostgreSQL, MySQL, Oracle and SQL Server), in characters. COMMENT
 * has 256 on some databases before 4.0: that one is the server's to say, when the registration is rehearsed. TYPE_NAME and PARAM_VALUE are texts without a limit that a
 * table could meet. Tried on 3.1.3, 4.0.0 and 4.0.1, which give up on longer ones after 20 s, and 3.1.3 without saying what it objects to.
 */
const WIDTHS = { key: 256, column: 767, comment: 4000, owner: 767, location: 4000 } as const;

const SHOWN = 60;

interface Texts {
  /** `database.table`, for messages. */
  readonly table: string;
  readonly location: string;
  readonly owner: string;
  readonly columns: readonly HiveColumn[];
  readonly parameters: ReadonlyMap<string, string>;
}

/** Throws `unsupported` naming the first text of an entry that no metastore's database holds. */
export function checkLengths({ table, location, owner, columns, parameters }: Texts): void {
  const refuse = (what: string, value: string, width: number, hint: string) => {
    const shown = `"${[...value.slice(0, SHOWN)].join('')}…"`;
    const text = `${what} ${shown} of ${lengthOf(value)} characters is longer than the ${width} that a Hive Metastore holds`;
    throw new BcnError('unsupported', text, { table, hint });
  };
  const orElse = 'or restore into another kind of catalog (--catalog-type path).';
  const source = (fix: string) => `${fix} in the source and back it up again, ${orElse}`;
  if (lengthOf(location) > WIDTHS.location) {
    refuse('The location', location, WIDTHS.location, 'Choose a shorter --target-location.');
  }
  if (lengthOf(owner) > WIDTHS.owner) refuse('The owner', owner, WIDTHS.owner, source('Give the table another owner'));
  for (const { name, comment = '' } of columns) {
    if (lengthOf(name) > WIDTHS.column) refuse('The column name', name, WIDTHS.column, source('Rename the column'));
    if (lengthOf(comment) > WIDTHS.comment) {
      refuse(`The comment of column "${name.slice(0, SHOWN)}",`, comment, WIDTHS.comment, source('Shorten the comment'));
    }
  }
  for (const key of parameters.keys()) {
    if (lengthOf(key) > WIDTHS.key) refuse('The table property', key, WIDTHS.key, source('Remove the property'));
  }
}

/** Characters as databases count them. */
function lengthOf(text: string): number {
  return [...text].length;
}
