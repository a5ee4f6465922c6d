import { type Catalog, formatIdent, type TableIdent } from '../catalog/port.js';
import { BcnError, isCode } from '../errors.js';
import type { FailedTable } from '../repository/commit.js';
import { resolveBackup } from '../repository/latest.js';
import type { CallOptions } from '../storage/port.js';
import type { RestoreDeps, RestoreOptions, RestoreResult } from './options.js';
import { chooseTable } from './prepare.js';
import { restore } from './restore.js';

/** What is the same for all tables of one command. */
export interface RestoreManyOptions extends Omit<RestoreOptions, 'table' | 'target' | 'targetLocation'> {
  /** Which tables of the backup, as `database.table`; none = all. */
  readonly tables: readonly string[];
  /** The namespace that they go to. */
  readonly namespace: readonly string[];
  /** With `{database}` and `{table}`, which stand for the target's; without it each goes where a single one would. */
  readonly targetLocation?: string;
}

export interface RestoreManyResult {
  readonly results: readonly RestoreResult[];
  readonly failed: readonly FailedTable[];
}

/**
 * Brings several tables of a backup back, one after another, each under its own name in another namespace. One that fails does not keep the others from being
 * restored; it is named in the result, and the same command goes on with it. Throws `usage` when two would have one name or place, and what is about all of them.
 */
export async function restoreMany(deps: RestoreDeps, options: RestoreManyOptions): Promise<RestoreManyResult> {
  const { tables, namespace, targetLocation, ...rest } = options;
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const commit = await resolveBackup(deps.repository, options.backupName, call);
  const names = tables.length > 0 ? tables : commit.tables.map(({ identifier }) => identifier.join('.'));
  const chosen = [...new Set(names)].map((name) => chooseTable(commit, name));
  const targets = chosen.map(({ identifier }) => deps.catalog.normalise({ namespace, name: identifier.at(-1) as string }));
  assertDistinct(targets, targetLocation, deps.catalog);
  const results: RestoreResult[] = [];
  const failed: FailedTable[] = [];
  for (const [n, { identifier }] of chosen.entries()) {
    const target = targets[n] as TableIdent;
    const table = identifier.join('.');
    const location = targetLocation === undefined ? {} : { targetLocation: fill(targetLocation, target) };
    try {
      results.push(await restore(deps, { ...rest, backupName: commit.selector, table, target, ...location }));
    } catch (error) {
      if (!(error instanceof BcnError) || isCode(error, 'interrupted', 'usage', 'config')) throw error;
      const { code, message, object } = error;
      failed.push({ table, code, message, ...(object !== undefined && { object }) });
      deps.report.warn(`${table} is not restored: ${message}`, { object });
      // What keeps everything from being reached keeps the others, too.
      if (isCode(error, 'storage-unavailable', 'catalog-unavailable')) throw error;
    }
  }
  return { results, failed };
}

/** A location for one table. */
export function fill(template: string, { namespace, name }: TableIdent): string {
  return template.replaceAll('{database}', () => namespace.join('.')).replaceAll('{table}', () => name);
}

function assertDistinct(targets: readonly TableIdent[], template: string | undefined, catalog: Catalog): void {
  const seen = new Set<string>();
  for (const target of targets) {
    const name = formatIdent(target);
    if (seen.has(name)) {
      throw new BcnError('usage', `Two tables of the backup would become ${name} in ${catalog.identity}`, {
        table: name,
        hint: 'Restore them one by one, with --table and --target-table.',
      });
    }
    seen.add(name);
  }
  if (template !== undefined && targets.length > 1 && !template.includes('{table}')) {
    throw new BcnError('usage', `Several tables cannot all lie at ${template}`, {
      object: template,
      hint: 'Write {table} where the name of each goes, such as s3://warehouse/{database}/{table}.',
    });
  }
}
