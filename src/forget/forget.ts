import { BcnError } from '../errors.js';
import { markDeleted } from '../repository/deletion.js';
import { commitKey } from '../repository/keys.js';
import { placeUri } from '../repository/place.js';
import { readRecord } from '../repository/record.js';
import { isGood, lastGoodOf, readStandings, type Standing } from '../repository/standing.js';
import type { CallOptions } from '../storage/port.js';
import type { ForgetDeps, ForgetOptions, ForgetResult } from './options.js';
import { judge } from './policy.js';

/**
 * Deletes the backups that no policy keeps, oldest first, each by an event. Throws `usage` without a policy, and when a table would be left without a good backup (nothing is deleted then);
 * `repository-not-found`. Interrupted, it may be run again: what is deleted changes nothing in what is kept.
 */
export async function forget(deps: ForgetDeps, options: ForgetOptions): Promise<ForgetResult> {
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const { repository, report } = deps;
  if (Object.values(options.policy).every((value) => value === undefined)) {
    throw new BcnError('usage', 'No policy says what to keep', {
      hint: 'Give at least one, as in: bcn forget --keep-daily 7 --keep-weekly 5',
    });
  }
  const record = await readRecord(repository, call);
  const { backups, unreadable } = await readStandings(repository, call);
  for (const { error } of unreadable) report.warn(error.message, { object: error.object });
  const left = backups.filter(({ state }) => !state.deleted);
  const reasons = judgeAll(left, options);
  const going = [...reasons].filter(([, why]) => why.length === 0).map(([backup]) => backup);
  if (!options.allowLast) refuseLast(deps, left, going);
  const result: ForgetResult = {
    outcome: options.dryRun ? 'planned' : 'forgotten',
    backups: [...reasons]
      .map(([{ name, selector, id, when, tables }, why]) => {
        const head = { name, selector, id, when, tables: tables.map(({ table }) => table) };
        return { ...head, kept: why.length > 0, reasons: why };
      })
      .sort(byAge),
    unreadable: unreadable.length,
  };
  if (options.dryRun) return result;
  let done = 0;
  for (const backup of going.sort(byAge)) {
    await markDeleted(repository, backup, record, call);
    report.progress({ phase: 'deleting backups', done: ++done, total: going.length });
  }
  return result;
}

const byAge = (a: { readonly when: string; readonly id: string }, b: { readonly when: string; readonly id: string }) =>
  Date.parse(a.when) - Date.parse(b.when) || (a.id < b.id ? -1 : 1);

/** Why each backup is kept. One of several tables is kept when any group keeps it, or when one of its tables was not asked about. */
function judgeAll(backups: readonly Standing[], { policy, groupBy, table }: ForgetOptions): Map<Standing, string[]> {
  const asked = (name: string) => table === undefined || name === table;
  const groups = new Map<string, { table: string | undefined; members: Standing[] }>();
  const reasons = new Map<Standing, string[]>();
  for (const backup of backups) {
    const judged = backup.tables.filter((one) => asked(one.table));
    if (judged.length === 0) continue;
    reasons.set(
      backup,
      backup.tables.filter((one) => !asked(one.table)).map((one) => `holds ${one.table}, too`),
    );
    const keys = groupBy === 'none' ? [{ identity: '', table: undefined }] : judged;
    for (const key of keys) {
      const group = groups.get(key.identity) ?? { table: key.table, members: [] };
      groups.set(key.identity, group);
      if (!group.members.includes(backup)) group.members.push(backup);
    }
  }
  for (const group of groups.values()) {
    for (const { item, reasons: why } of judge(group.members, policy)) {
      const several = item.tables.length > 1 && group.table !== undefined;
      reasons.get(item)?.push(...why.map((reason) => (several ? `${reason} (${group.table})` : reason)));
    }
  }
  return reasons;
}

function refuseLast({ repository }: ForgetDeps, backups: readonly Standing[], going: readonly Standing[]): void {
  const tables = lastGoodOf(backups, new Set(going.map(({ id }) => id)));
  if (tables.length === 0) return;
  const last = going.filter((backup) => isGood(backup) && backup.tables.some(({ table }) => tables.includes(table)));
  const names = last.map(({ selector }) => selector);
  throw new BcnError(
    'usage',
    `The policy would delete the last good backups of ${tables.join(', ')}: ${names.join(', ')}. Nothing was deleted`,
    {
      object: `${placeUri(repository)}/${commitKey(names[0] as string)}`,
      table: tables[0],
      hint: 'Backups that are damaged, partial or incomplete are no substitute. Make a new one first, or say --allow-last.',
    },
  );
}
