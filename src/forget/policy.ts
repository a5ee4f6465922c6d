import { before, type Span } from './span.js';

/** How many backups to keep, or all. */
export type Count = number | 'unlimited';

/** What to keep; several policies are a union (restic's semantics). */
export interface Policy {
  readonly last?: Count;
  readonly hourly?: Count;
  readonly daily?: Count;
  readonly weekly?: Count;
  readonly monthly?: Count;
  readonly yearly?: Count;
  readonly within?: Span;
}

export interface Judged<T> {
  readonly item: T;
  /** Why it is kept; none = it is not. */
  readonly reasons: readonly string[];
}

/** Which period a moment lies in, UTC. */
const PERIODS = {
  hourly: (time: Date) => time.toISOString().slice(0, 13),
  daily: (time: Date) => time.toISOString().slice(0, 10),
  weekly: weekOf,
  monthly: (time: Date) => time.toISOString().slice(0, 7),
  yearly: (time: Date) => time.toISOString().slice(0, 4),
} as const;

/**
 * Judges the backups of one group, newest first. `last` keeps the newest; `hourly` and the others the newest of each of the last periods that have one; the oldest backup
 * of all is kept, too, while one of them has periods left, so that the history reaches as far back as it can. `within` counts from the newest backup.
 */
export function judge<T extends { readonly when: string; readonly id: string }>(
  items: readonly T[],
  policy: Policy,
): Judged<T>[] {
  const sorted = [...items].sort((a, b) => Date.parse(b.when) - Date.parse(a.when) || (a.id < b.id ? -1 : 1));
  const rules = (['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const).map((name) => ({
    name,
    left: policy[name] === 'unlimited' ? Number.POSITIVE_INFINITY : (policy[name] ?? 0),
    period: '',
  }));
  const { within } = policy;
  const since = within && sorted[0] ? before(new Date(sorted[0].when), within) : Number.POSITIVE_INFINITY;
  return sorted.map((item, i) => {
    const time = new Date(item.when);
    const reasons: string[] = [];
    for (const rule of rules) {
      const period = rule.name === 'last' ? `${i}` : PERIODS[rule.name](time);
      const oldest = i === sorted.length - 1;
      if (rule.left === 0 || (period === rule.period && !oldest)) continue;
      reasons.push(period === rule.period ? `oldest ${rule.name}` : rule.name);
      rule.period = period;
      rule.left--;
    }
    if (within && time.getTime() > since) reasons.push(`within ${within.text}`);
    return { item, reasons };
  });
}

/** The ISO week, as `2026-W53`. */
function weekOf(time: Date): string {
  const thursday = new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 3 - ((thursday.getUTCDay() + 6) % 7));
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * 24 * 3_600_000)) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}
