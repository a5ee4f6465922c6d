import { expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { parseSince, tablePattern } from '../../src/look/filters.js';

const NOW = Date.UTC(2026, 10, 28, 12);

test.each([
  ['12h', '2026-11-28T00:00:00.000Z'],
  ['30d', '2026-10-29T12:00:00.000Z'],
  ['4w', '2026-10-31T12:00:00.000Z'],
  ['0d', '2026-11-28T12:00:00.000Z'],
  ['2026-11-01', '2026-11-01T00:00:00.000Z'],
  ['2026-11-01T06:30', '2026-11-01T06:30:00.000Z'],
  ['2026-11-01T06:30:15Z', '2026-11-01T06:30:15.000Z'],
  ['2026-11-01T06:30+02:00', '2026-11-01T04:30:00.000Z'],
  ['2026-11-01T23:30-05:00', '2026-11-02T04:30:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
])('--since %s', (value, moment) => {
  expect(new Date(parseSince(value)(NOW)).toISOString()).toBe(moment);
});

test.each([
  '',
  '30',
  'd',
  '-1d',
  '1.5d',
  '30m',
  '2026-11',
  '2026-13-01',
  '2026-02-30',
  '2026-11-01 06:00',
  '01.11.2026',
  '1234567d',
])('--since %j is none', (value) => {
  expect(() => parseSince(value)).toThrow(BcnError);
});

test.each([
  ['db.t', ['db.t'], ['db.t2', 'dbxt', 'DB.t', 'a.db.t']],
  ['db.*', ['db.t', 'db.', 'db.a.b'], ['dbx.t', 'x.db.t']],
  ['*.orders', ['a.orders', 'a.b.orders'], ['orders', 'a.orders2']],
  ['db.t?', ['db.t1', 'db.té', 'db.t😎'], ['db.t', 'db.t12']],
  ['a+b.(c)*', ['a+b.(c)d'], ['aab.c']],
  ['***x***y', ['axby'], ['axb']],
])('--table %s', (pattern, yes, no) => {
  const matches = tablePattern(pattern);
  expect(yes.filter((table) => !matches(table))).toEqual([]);
  expect(no.filter(matches)).toEqual([]);
});

test('--table without a value', () => {
  expect(() => tablePattern('')).toThrow(BcnError);
});
