/** From vitest's JSON report to the last line of a test run. Pure. */

/**
 * Count one run. Besides failed tests, these count as failed, once each: a failed check; a required part that is missing;
 * a file that failed without a failed test (it could not be collected, or a hook threw); a test that was reported as not
 * yet run; and a vitest that gave no report, or ended badly without saying why (an error outside of any test, a crash).
 * @param {object} run
 * @param {unknown} run.report  the parsed JSON report, undefined when there is none
 * @param {number | null} run.exitCode  vitest's; null when a signal ended it
 * @param {readonly { name: string, passed: boolean }[]} run.checks
 * @param {readonly string[]} [run.problems]  other failures, as sentences
 * @returns {{ passed: number, failed: number, skipped: number, failures: string[], skips: { suite: string, tests: number }[] }}
 *   `failures` names what no test names; `skips` lists skipped suites, whose names hold the reason
 */
export function countRun({ report, exitCode, checks, problems = [] }) {
  const failures = [...problems, ...checks.filter((check) => !check.passed).map((check) => `check ${check.name} failed`)];
  let passed = checks.length - checks.filter((check) => !check.passed).length;
  let failedTests = 0;
  let skipped = 0;
  const skips = new Map();

  if (!isReport(report)) {
    failures.push(`vitest gave no report (${ending(exitCode)})`);
  } else {
    const before = failures.length;
    for (const file of report.testResults) {
      const failedBefore = failedTests + failures.length;
      for (const test of file.assertionResults) {
        if (test.status === 'passed') passed++;
        else if (test.status === 'failed') failedTests++;
        else if (test.status === 'skipped' || test.status === 'todo' || test.status === 'disabled') {
          skipped++;
          const suite = [file.name, ...test.ancestorTitles.filter(Boolean)].join(' > ');
          skips.set(suite, (skips.get(suite) ?? 0) + 1);
        } else failures.push(`not run: ${file.name} > ${test.fullName}`);
      }
      if (file.status === 'failed' && failedTests + failures.length === failedBefore) {
        failures.push(`${file.name}: ${file.message || 'failed outside of its tests'}`);
      }
    }
    const silent = exitCode !== 0 && failedTests === 0 && failures.length === before;
    if (silent) failures.push(`vitest ended badly (${ending(exitCode)}) though no test failed`);
    if (report.testResults.length === 0) failures.push('vitest found no test file');
  }
  return {
    passed,
    failed: failedTests + failures.length,
    skipped,
    failures,
    skips: [...skips].map(([suite, tests]) => ({ suite, tests })),
  };
}

/** The line that ends a test run, and the exit code: 0 only when something passed and nothing failed. */
export function lastLine({ passed, failed, skipped }) {
  return { line: `${passed} passed, ${failed} failed, ${skipped} skipped`, exitCode: failed === 0 && passed > 0 ? 0 : 1 };
}

/** Parse a report; anything that is not one is undefined. */
export function parseReport(text) {
  try {
    const report = JSON.parse(text);
    return isReport(report) ? report : undefined;
  } catch {
    return undefined;
  }
}

function isReport(report) {
  const isFile = (file) =>
    typeof file?.name === 'string' && typeof file.status === 'string' && Array.isArray(file.assertionResults);
  return Array.isArray(report?.testResults) && report.testResults.every(isFile);
}

function ending(exitCode) {
  return exitCode === null ? 'ended by a signal' : `exit ${exitCode}`;
}
