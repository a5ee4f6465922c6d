import { createHash } from 'node:crypto';
import { formatIdent, type TableIdent } from '../port.js';
import { getTextMap, text, textMap } from './fields.js';
import { TABLE } from './hive-table.js';
import type { ThriftStruct } from './struct.js';

/** The parameter that marks an entry as a rehearsal's; its value tells apart two that run at once. */
const MARK = 'bcn.rehearsal';
const TYPE = 'BCN_REHEARSAL';
const PREFIX = 'bcn_rehearsal_';

/** The name under which a table's registration is rehearsed, in its own database. */
export function rehearsalOf(ident: TableIdent): TableIdent {
  return {
    namespace: ident.namespace,
    name: PREFIX + createHash('sha256').update(formatIdent(ident)).digest('hex').slice(0, 16),
  };
}

/** Whether an entry is a rehearsal's, and nobody's table. */
export function isRehearsal(table: ThriftStruct): boolean {
  return rehearsalToken(table) !== undefined;
}

/** Which rehearsal an entry is of, undefined where it is a table: one may have a property of that name, too. */
export function rehearsalToken(table: ThriftStruct): string | undefined {
  const parameters = getTextMap(table, TABLE.parameters);
  return parameters.get('table_type') === TYPE ? parameters.get(MARK) : undefined;
}

/** Whether a name looks like a rehearsal's, for hints that have only names. */
export function isRehearsalName(name: string): boolean {
  return name.startsWith(PREFIX);
}

/**
 * The entry to rehearse: the one to register, of another name, with the mark. It names no `table_type` that engines know, since its metadata file does not exist yet:
 * those that list Iceberg tables pass it over, and none tries to read it. It does not ask to be purged, so that whoever drops a leftover deletes no file.
 */
export function rehearsalEntry(table: ThriftStruct, name: string, token: string): ThriftStruct {
  const parameters = new Map(getTextMap(table, TABLE.parameters)).set('table_type', TYPE).set(MARK, token);
  for (const key of parameters.keys()) if (key.toLowerCase() === 'external.table.purge') parameters.delete(key);
  return new Map(table).set(TABLE.name, text(name)).set(TABLE.parameters, textMap(parameters));
}
