import { describe, expect, test } from 'vitest';
import { countRun, lastLine, parseReport } from '../../scripts/lib/report.mjs';

const file = (name, statuses, rest = {}) => ({
  name,
  status: statuses.includes('failed') ? 'failed' : 'passed',
  message: '',
  assertionResults: statuses.map((status, index) => ({ status, fullName: `s t${index}`, ancestorTitles: ['', 's'] })),
  ...rest,
});
const count = (files, rest = {}) => countRun({ report: { testResults: files }, exitCode: 0, checks: [], ...rest });

describe('countRun', () => {
  test('counts tests by their state', () => {
    const counts = count([file('a', ['passed', 'failed', 'skipped']), file('b', ['passed', 'todo'])], { exitCode: 1 });
    expect(counts).toMatchObject({ passed: 2, failed: 1, skipped: 2, failures: [] });
  });

  test('a check counts as one, passed or failed', () => {
    const checks = [
      { name: 'tsc', passed: true },
      { name: 'knip', passed: false },
    ];
    const counts = count([file('a', ['passed'])], { checks });
    expect(counts).toMatchObject({ passed: 2, failed: 1, failures: ['check knip failed'] });
  });

  test('a file that failed without a failed test counts once: collection or hook error', () => {
    const broken = file('a', [], { status: 'failed', message: 'Cannot find module' });
    const hook = file('b', ['skipped', 'passed'], { status: 'failed', message: 'afterAll threw' });
    const counts = count([broken, hook], { exitCode: 1 });
    expect(counts).toMatchObject({ passed: 1, failed: 2, skipped: 1 });
    expect(counts.failures).toEqual(['a: Cannot find module', 'b: afterAll threw']);
  });

  test('a failed file with failed tests is not counted twice', () => {
    expect(count([file('a', ['failed', 'passed'])], { exitCode: 1 }).failed).toBe(1);
  });

  test('a test that did not run is a failure, not a skip', () => {
    const counts = count([file('a', ['passed', 'pending'])]);
    expect(counts).toMatchObject({ passed: 1, failed: 1, skipped: 0 });
  });

  test('an exit without a failed test is a failure: unhandled error, crash, signal', () => {
    expect(count([file('a', ['passed'])], { exitCode: 1 })).toMatchObject({ passed: 1, failed: 1 });
    expect(count([file('a', ['passed'])], { exitCode: null }).failures[0]).toContain('signal');
  });

  test.each([undefined, {}, { testResults: [{}] }, 'text', null])('no report (%j) is a failure, even at exit 0', (report) => {
    expect(countRun({ report, exitCode: 0, checks: [] })).toMatchObject({ passed: 0, failed: 1 });
  });

  test('a report without files is a failure', () => {
    expect(count([], { checks: [{ name: 'tsc', passed: true }] })).toMatchObject({ passed: 1, failed: 1 });
  });

  test('problems of the run count', () => {
    expect(count([file('a', ['passed'])], { problems: ['required part spark is missing: no JDK'] }).failed).toBe(1);
  });

  test('skipped suites are listed once, with what their name says', () => {
    const skips = count([file('a', ['skipped', 'skipped', 'passed'])]).skips;
    expect(skips).toEqual([{ suite: 'a > s', tests: 2 }]);
  });
});

test('the last line, and the exit code', () => {
  expect(lastLine({ passed: 3, failed: 0, skipped: 1 })).toEqual({ line: '3 passed, 0 failed, 1 skipped', exitCode: 0 });
  expect(lastLine({ passed: 3, failed: 1, skipped: 0 }).exitCode).toBe(1);
  expect(lastLine({ passed: 0, failed: 0, skipped: 9 }).exitCode).toBe(1);
});

test('parseReport refuses what is no report', () => {
  expect(parseReport('{"testResults":[')).toBeUndefined();
  expect(parseReport('[]')).toBeUndefined();
  expect(parseReport('{"testResults":[]}')).toEqual({ testResults: [] });
});
