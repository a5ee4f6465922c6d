import { BcnError } from '../../errors.js';
import { formatIdent, type TableIdent } from '../port.js';

/** Widths of DBS.NAME and TBLS.TBL_NAME in the metastore's schema. Characters. */
const MAX_DATABASE = 128;
const MAX_TABLE = 256;

/**
 * The name as Hive keeps it: one level, lower case. Servers differ in which other characters they take (3.1.3 refuses a space, 4.x does not),
 * so a name that may exist is only refused where no server could hold it.
 */
export function normaliseIdent(ident: TableIdent): TableIdent {
  const [database, ...more] = ident.namespace;
  if (database === undefined || more.length > 0) {
    throw new BcnError('usage', `"${formatIdent(ident)}" has ${ident.namespace.length} namespace levels, Hive has exactly one`, {
      hint: 'Give one database and one table.',
    });
  }
  return { namespace: [normalisePart(database, 'database', MAX_DATABASE)], name: normalisePart(ident.name, 'table', MAX_TABLE) };
}

function normalisePart(name: string, what: string, longest: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (name === '' || name.length > longest || /[\u0000-\u001f\u007f]/.test(name)) {
    throw new BcnError('usage', `"${name.slice(0, longest)}" cannot be the name of a Hive ${what}`, {
      hint: `Names have 1 to ${longest} characters and no control characters.`,
    });
  }
  return name.toLowerCase();
}

/** For names bcn gives: only what every metastore version takes. Throws `unsupported`. */
export function checkCreatable(ident: TableIdent): void {
  if (EVERYWHERE.test(ident.name)) return;
  throw new BcnError('unsupported', `"${ident.name}" is not a table name that every Hive Metastore accepts`, {
    table: formatIdent(ident),
    hint: 'Use letters, digits and underscores: --target-table NAME',
  });
}

/** The same for a database. */
export function checkCreatableDatabase(database: string): void {
  if (EVERYWHERE.test(database)) return;
  throw new BcnError('unsupported', `"${database}" is not a database name that every Hive Metastore accepts`, {
    hint: 'Use letters, digits and underscores: --target-database NAME',
  });
}

const EVERYWHERE = /^[a-z0-9_]+$/;
