import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const TEXT = readFileSync(join(ROOT, 'specs/07-test-matrix.md'), 'utf8');

const rows = TEXT.split('\n').flatMap((line) => {
  const [, number, what = '', tests = ''] = /^\| (\d+) \| (.*) \| (`test\/.*`) \| ?.* \|$/.exec(line) ?? [];
  return number === undefined ? [] : [{ number: Number(number), what, tests: tests.split('<br>') }];
});

test('the matrix has 54 rows, each with a test', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 54 }, (_, n) => n + 1));
});

describe.each(rows)('$number. $what', ({ tests }) => {
  test.each(tests)('%s', (cell) => {
    const [, file = '', name] = /^`(test\/[^ `]+)(?: › (.+))?`$/.exec(cell) ?? [];
    const path = join(ROOT, file);
    expect(file !== '' && existsSync(path), file).toBe(true);
    if (name === undefined) return;
    expect(statSync(path).isFile()).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain(name);
  });
});
