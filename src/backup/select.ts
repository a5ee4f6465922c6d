import { formatIdent, type TableIdent } from '../catalog/port.js';
import { BcnError } from '../errors.js';
import type { Selection } from '../repository/runs.js';
import type { CallOptions } from '../storage/port.js';
import type { BackupDeps, BackupOptions } from './options.js';

/** What a backup is of, before anything of the tables is known. */
export interface Selected {
  /** Normalised, each once, in the order of their names. */
  readonly idents: readonly TableIdent[];
  /** What begin.json records: equal for a rerun of the same command. */
  readonly asked: readonly string[] | Selection;
  /** They were named one by one: what is no Iceberg table is an error, not skipped. */
  readonly named: boolean;
}

/** Which tables are asked for. Throws `namespace-not-found`, `usage` (a name the catalog cannot hold), `table-not-found` when a selection matches nothing. */
export async function selectTables({ catalog }: BackupDeps, options: BackupOptions, call: CallOptions): Promise<Selected> {
  const { tables } = options;
  if (isNamed(tables)) {
    const idents = new Map(tables.map((ident) => catalog.normalise(ident)).map((ident) => [formatIdent(ident), ident]));
    const asked = [...idents.keys()].sort();
    return { idents: asked.map((name) => idents.get(name) as TableIdent), asked, named: true };
  }
  const { namespace, include, exclude } = tables;
  const levels = namespace.split('.');
  const wanted = (name: string) => (include.length === 0 || matches(name, include)) && !matches(name, exclude);
  const names = new Set<string>();
  for await (const { name } of catalog.list(levels, call)) if (wanted(name)) names.add(name);
  if (names.size === 0) {
    throw new BcnError('table-not-found', `No table of ${namespace} is asked for`, {
      hint: 'Compare --include and --exclude with the names of its tables: * stands for anything, ? for one character.',
    });
  }
  const idents = [...names].sort().map((name) => catalog.normalise({ namespace: levels, name }));
  return { idents, asked: tables, named: false };
}

function isNamed(tables: BackupOptions['tables']): tables is readonly [TableIdent, ...TableIdent[]] {
  return Array.isArray(tables);
}

/** Whether a name matches one of these globs: `*` stands for any characters, `?` for one. */
export function matches(name: string, globs: readonly string[]): boolean {
  return globs.some((glob) => {
    const pattern = glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${pattern}$`, 's').test(name);
  });
}
