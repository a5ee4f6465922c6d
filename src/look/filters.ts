import { BcnError } from '../errors.js';

const HOUR = 3_600_000;
const UNITS: Readonly<Record<string, number>> = { h: HOUR, d: 24 * HOUR, w: 7 * 24 * HOUR };

/**
 * The value of `--since`: `12h`, `30d`, `4w` before now, or a day or moment in ISO 8601, UTC where it names no zone. Returns the moment in ms, given
 * the store's time. Throws `usage`.
 */
export function parseSince(value: string): (now: number) => number {
  const [, amount, unit] = /^(\d{1,6})([hdw])$/.exec(value) ?? [];
  if (amount !== undefined && unit !== undefined) return (now) => now - Number(amount) * (UNITS[unit] as number);
  const time = momentOf(value);
  if (time !== undefined) return () => time;
  throw new BcnError('usage', `--since takes an age or a day, not ${JSON.stringify(value)}`, {
    hint: 'As in 12h, 30d, 4w, 2026-11-01 or 2026-11-01T06:00Z.',
  });
}

function momentOf(value: string): number | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(value);
  const [, day, time = 'T00:00', zone = 'Z'] = parts ?? [];
  if (day === undefined) return undefined;
  const moment = Date.parse(`${day}${time}${zone}`);
  // `Date` takes February 30 for March 2.
  const midnight = Date.parse(`${day}T00:00Z`);
  if (Number.isNaN(moment) || Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return undefined;
  return moment;
}

/** The value of `--table`: `database.table`, where `*` stands for any characters and `?` for one. Throws `usage` when it is empty. */
export function tablePattern(value: string): (table: string) => boolean {
  if (value === '') throw new BcnError('usage', '--table is empty', { hint: 'A shell variable in it may be unset.' });
  if (!/[*?]/.test(value)) return (table) => table === value;
  const source = value
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  const pattern = new RegExp(`^${source}$`, 'su');
  return (table) => pattern.test(table);
}
