import { expect, test } from 'vitest';
import { count, formatBytes, formatTime } from '../../../src/cli/render/numbers.js';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [1024 * 1024 - 1, '1.0 MiB'],
  [1024 ** 3 * 23.44, '23.4 GiB'],
  [1024 ** 6, '1024.0 PiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('counts', () => {
  expect([count(0, 'file'), count(1, 'file'), count(12345, 'file'), count(2, 'entry', 'entries')]).toEqual([
    '0 files',
    '1 file',
    '12,345 files',
    '2 entries',
  ]);
});

test('times are UTC; what is none stays as it is', () => {
  expect(formatTime('2026-11-21T03:04:05.678+02:00')).toBe('2026-11-21 01:04:05');
  expect(formatTime('yesterday')).toBe('yesterday');
});
