import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, type Policy } from '../../src/forget/policy.js';
import { parseSpan } from '../../src/forget/span.js';

interface Item {
  readonly id: string;
  readonly when: string;
}

const at = (...whens: readonly string[]): Item[] =>
  whens.map((when, i) => ({ id: `${i}`, when: new Date(when.length === 10 ? `${when}T12:00:00Z` : when).toISOString() }));
/** What is kept, newest first, as the day or the moment it was given as. */
const kept = (items: readonly Item[], policy: Policy) =>
  judge(items, policy).flatMap(({ item, reasons }) => (reasons.length > 0 ? [[item.when.slice(0, 16), reasons.join()]] : []));

describe('as restic does it', () => {
  test('last', () => {
    expect(kept(at('2026-01-01', '2026-01-02', '2026-01-03'), { last: 2 })).toEqual([
      ['2026-01-03T12:00', 'last'],
      ['2026-01-02T12:00', 'last'],
    ]);
  });

  test('of each day the newest, days without one do not count, days are UTC', () => {
    const items = at('2026-01-01T10:00:00Z', '2026-01-01T23:59:59Z', '2026-01-02T00:00:00Z', '2026-01-09', '2026-01-10');
    expect(kept(items, { daily: 3 })).toEqual([
      ['2026-01-10T12:00', 'daily'],
      ['2026-01-09T12:00', 'daily'],
      ['2026-01-02T00:00', 'daily'],
    ]);
  });

  test('the oldest backup is kept while periods are left', () => {
    const items = at('2026-01-01T10:00:00Z', '2026-01-01T11:00:00Z', '2026-01-02');
    expect(kept(items, { daily: 5 })).toEqual([
      ['2026-01-02T12:00', 'daily'],
      ['2026-01-01T11:00', 'daily'],
      ['2026-01-01T10:00', 'oldest daily'],
    ]);
    expect(kept(items, { daily: 2 }).map(([when]) => when)).toEqual(['2026-01-02T12:00', '2026-01-01T11:00']);
  });

  test('weeks are ISO weeks: 2026-12-28 to 2027-01-03 is one', () => {
    const items = at('2026-12-20', '2026-12-27', '2026-12-28', '2027-01-03', '2027-01-04');
    expect(kept(items, { weekly: 3 }).map(([when]) => when)).toEqual([
      '2027-01-04T12:00',
      '2027-01-03T12:00',
      '2026-12-27T12:00',
    ]);
  });

  test('hours, months, years; a union says each reason', () => {
    const items = at('2024-12-31', '2025-01-01', '2026-01-31', '2026-02-01T10:10:00Z', '2026-02-01T10:50:00Z');
    expect(kept(items, { hourly: 1, monthly: 2, yearly: 'unlimited' })).toEqual([
      ['2026-02-01T10:50', 'hourly,monthly,yearly'],
      ['2026-01-31T12:00', 'monthly'],
      ['2025-01-01T12:00', 'yearly'],
      ['2024-12-31T12:00', 'yearly'],
    ]);
  });

  test('within counts back from the newest backup, by the calendar', () => {
    const items = at('2026-01-30', '2026-02-01', '2026-03-01', '2026-03-02T12:00:00Z');
    const within = (text: string) => kept(items, { within: parseSpan(text) }).length;
    expect([within('1h'), within('1d'), within('1d1h'), within('1m'), within('1m1d1h'), within('9y')]).toEqual([
      1, 1, 2, 2, 3, 4,
    ]);
  });
});

test.each(['', '30', 'd', '1d1y', '-1d', '1.5d', '0d', '1w', '1D', '99999999d'])('%j is no time', (text) => {
  expect(parseSpan(text)).toBeUndefined();
});

const policy = fc.record(
  {
    last: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant('unlimited' as const)),
    hourly: fc.integer({ min: 1, max: 5 }),
    daily: fc.integer({ min: 1, max: 5 }),
    weekly: fc.integer({ min: 1, max: 4 }),
    monthly: fc.integer({ min: 1, max: 4 }),
    yearly: fc.integer({ min: 1, max: 3 }),
    within: fc.constantFrom('3h', '2d', '20d', '3m', '1y').map((text) => parseSpan(text)),
  },
  { requiredKeys: [] },
);
const items = fc
  .array(fc.integer({ min: 0, max: 400 * 24 }), { maxLength: 40 })
  .map((hours) =>
    hours.map((hour, i) => ({ id: `${i}`, when: new Date(Date.UTC(2025, 0, 1) + hour * 3_600_000).toISOString() })),
  );

test('an interrupted forget that is run again keeps the same', () => {
  fc.assert(
    fc.property(policy, items, fc.infiniteStream(fc.boolean()), (rules, all, coins) => {
      const first = judge(all, rules);
      const keep = first.filter(({ reasons }) => reasons.length > 0).map(({ item }) => item.id);
      const left = first.filter(({ reasons }) => reasons.length > 0 || coins.next().value).map(({ item }) => item);
      const again = judge(left, rules).filter(({ reasons }) => reasons.length > 0);
      expect(again.map(({ item }) => item.id)).toEqual(keep);
    }),
    { numRuns: 500 },
  );
});

test('more policies keep more, and some policy keeps the newest', () => {
  fc.assert(
    fc.property(policy, policy, items, (a, b, all) => {
      const ids = (rules: Policy) =>
        new Set(judge(all, rules).flatMap(({ item, reasons }) => (reasons.length > 0 ? [item.id] : [])));
      const both = { ...b, ...a };
      const one = ids(a);
      const more = ids(both);
      for (const id of one) expect(more).toContain(id);
      if (all.length > 0 && Object.values(a).some((value) => value !== undefined)) expect(one.size).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});
