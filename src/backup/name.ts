import { BcnError, isCode } from '../errors.js';
import { assertNewName } from '../repository/keys.js';

const PLACEHOLDERS = ['utc', 'date', 'table', 'database'] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];

/** Anything that a name cannot hold, and braces: what may be one of ours, well-formed or not. */
const BRACES = /\{([^{}]*)\}|[{}]/g;

/** What `--backup-name` asks for (specs/01, "Names of backups"). */
export interface NewName {
  /** With the table filled in and the times not: what all runs of it share. undefined = a plain name. */
  readonly template?: string;
  /** The name of a run that begins at this store time, ms. Throws `usage` when no backup may have it. */
  at(start: number): string;
}

/** Throws `usage` for a name that no new backup may have, and for a template that no run could fill in. */
export function assertNameOrTemplate(text: string): void {
  if (!/[{}]/.test(text)) {
    assertNewName(text);
    return;
  }
  for (const [whole, name] of text.matchAll(BRACES)) {
    if (PLACEHOLDERS.some((known) => known === name)) continue;
    throw new BcnError('usage', `Unknown placeholder ${whole} in the backup name ${JSON.stringify(text)}`, {
      hint: `There are ${PLACEHOLDERS.map((known) => `{${known}}`).join(', ')}.`,
    });
  }
  // Whatever is filled in, what stands around it stays.
  named(text.replace(BRACES, 'x'), text);
}

/** What a template can say of the tables of a backup. */
export interface NamedTables {
  /** The namespace, when they are all of one. */
  readonly database: string | undefined;
  /** `database.table`, when it is one. */
  readonly table: string | undefined;
}

/** A name, or a template for these tables: `nightly`, `{table}-{utc}`. Throws as `assertNameOrTemplate`, and for what is not one of several. */
export function newName(text: string, tables: NamedTables): NewName {
  assertNameOrTemplate(text);
  if (!/[{}]/.test(text)) return { at: () => text };
  for (const placeholder of ['database', 'table'] as const) {
    if (!text.includes(`{${placeholder}}`)) continue;
    const value = tables[placeholder];
    if (value === undefined) {
      throw new BcnError('usage', `The template ${JSON.stringify(text)} names one ${placeholder}, and the backup is of several`, {
        hint: `Leave {${placeholder}} out of the --backup-name.`,
      });
    }
    if (/[{}]/.test(value)) {
      throw new BcnError('usage', `The template ${JSON.stringify(text)} cannot hold a name that has braces: ${value}`, {
        hint: 'Give this backup a plain --backup-name.',
      });
    }
  }
  const template = fill(text, Object.fromEntries(Object.entries(tables).filter(([, value]) => value !== undefined)));
  return {
    template,
    at: (start) => {
      const iso = new Date(start).toISOString();
      return named(fill(template, { utc: iso.replace(/[-:]|\.\d+/g, ''), date: iso.slice(0, 10) }), text);
    },
  };
}

function fill(text: string, values: Partial<Record<Placeholder, string>>): string {
  // A function, since a table's name may hold what `replace` reads as a pattern.
  return text.replace(BRACES, (whole, name: Placeholder) => values[name] ?? whole);
}

function named(name: string, template: string): string {
  try {
    assertNewName(name);
    return name;
  } catch (error) {
    if (!isCode(error, 'usage')) throw error;
    throw new BcnError(
      'usage',
      `The template ${JSON.stringify(template)} makes an invalid backup name: ${JSON.stringify(name)}`,
      {
        hint: error.hint,
      },
    );
  }
}
