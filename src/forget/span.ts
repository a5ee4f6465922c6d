/** A length of time as calendars count it, before the newest backup. */
export interface Span {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
  /** As it was given. */
  readonly text: string;
}

/** `2y5m7d3h`, each part once at most; undefined when it is none. */
export function parseSpan(text: string): Span | undefined {
  const match = /^(?:(\d{1,4})y)?(?:(\d{1,4})m)?(?:(\d{1,5})d)?(?:(\d{1,6})h)?$/.exec(text);
  if (!match || text === '') return undefined;
  const [years, months, days, hours] = match.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number];
  return years + months + days + hours === 0 ? undefined : { years, months, days, hours, text };
}

/** The moment, ms, that lies so long before this one, UTC. */
export function before(time: Date, { years, months, days, hours }: Span): number {
  const then = new Date(time);
  then.setUTCFullYear(then.getUTCFullYear() - years, then.getUTCMonth() - months, then.getUTCDate() - days);
  return then.getTime() - hours * 3_600_000;
}
