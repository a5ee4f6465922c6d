import { BcnError } from '../../errors.js';
import { nearest } from '../../nearest.js';
import { formatIdent, type TableIdent } from '../port.js';
import type { HiveClient } from './client.js';
import { isRehearsalName } from './rehearsal-entry.js';
import type { SessionCallOptions } from './session.js';

const SHOWN = 5;

/** `creatable`: a restore wants it, which can have it made. */
export async function namespaceMissing(
  client: HiveClient,
  database: string,
  options: SessionCallOptions,
  { creatable = false }: { readonly creatable?: boolean } = {},
): Promise<BcnError> {
  const near = nearHint(database, await candidates(() => client.getAllDatabases(options)), 'databases');
  const hint = creatable ? `${near} To have it made, add --create-database.` : near;
  return new BcnError('namespace-not-found', `Database "${database}" not found in the Hive Metastore`, { hint });
}

export async function tableMissing(client: HiveClient, ident: TableIdent, options: SessionCallOptions): Promise<BcnError> {
  const database = ident.namespace[0] ?? '';
  const hint = nearHint(
    ident.name,
    (await candidates(() => client.getAllTables(database, options))).filter((name) => !isRehearsalName(name)),
    `tables of ${database}`,
  );
  return new BcnError('table-not-found', `Table "${formatIdent(ident)}" not found in the Hive Metastore`, {
    hint,
    table: formatIdent(ident),
  });
}

/** A hint is not worth an error of its own. */
async function candidates(read: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await read();
  } catch {
    return [];
  }
}

/** `Did you mean "a" or "b"?` or, when nothing is near, what there is. */
function nearHint(name: string, names: readonly string[], what: string): string {
  const near = nearest(name, names);
  if (near.length > 0) return `Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?`;
  if (names.length === 0) return `There are no ${what}: check the address of the catalog.`;
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `The ${what}: ${names.slice(0, SHOWN).join(', ')}${more}.`;
}
