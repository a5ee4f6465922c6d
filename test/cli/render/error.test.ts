import { describe, expect, test } from 'vitest';
import { debugText, errorFields, errorText, toBcnError } from '../../../src/cli/render/error.js';
import { BcnError, ERROR_EXIT, type ErrorCode } from '../../../src/errors.js';

const CODES = Object.keys(ERROR_EXIT) as ErrorCode[];
const USED = ['S3: http://minio:9000 (S3_ENDPOINT), keys of S3_ACCESS_KEY', 'metastore thrift://hms:9083 (HIVE_METASTORE_URI)'];

describe.each(CODES)('%s', (code) => {
  test('for people, bare', () => {
    expect(errorText(new BcnError(code, 'What happened, to what'), USED)).toMatchSnapshot();
  });

  test('for people, with all it can know', () => {
    const context = { hint: 'Do this next: bcn list', object: 's3://bucket/key', table: 'db.t', retryable: true };
    expect(errorText(new BcnError(code, 'What happened, to what.', context), [])).toMatchSnapshot();
  });

  test('for programs', () => {
    expect(errorFields(new BcnError(code, 'What happened, to what'), USED)).toMatchSnapshot();
  });
});

test('what the message names already is not said twice', () => {
  const error = new BcnError('corrupt', 's3://b/k of db.t is damaged', { object: 's3://b/k', table: 'db.t', hint: 'Look.' });
  expect(errorText(error, [])).toBe('bcn: s3://b/k of db.t is damaged\n  hint: Look.');
});

test('what the hint says about the service is not said twice', () => {
  const error = new BcnError('storage-auth', 'Denied', { hint: 'Used: http://minio:9000 (S3_ENDPOINT), keys of S3_ACCESS_KEY.' });
  expect(errorText(error, USED).match(/minio:9000/g)).toHaveLength(1);
});

describe('what was thrown', () => {
  const quiet = new AbortController().signal;
  const aborted = AbortSignal.abort(new BcnError('interrupted', 'Interrupted by SIGTERM', { exit: 143 }));

  test('a BcnError stays what it is', () => {
    const error = new BcnError('corrupt', 'x');
    expect(toBcnError(error, quiet)).toBe(error);
    expect(toBcnError(error, aborted)).toBe(error);
  });

  test('anything else is a bug', () => {
    expect(toBcnError(new TypeError('x is undefined'), quiet)).toMatchObject({
      code: 'unexpected',
      exit: 1,
      message: 'x is undefined',
    });
    expect(toBcnError('text', quiet).message).toBe('text');
    expect(toBcnError(new Error(''), quiet).message).toBe('no message');
  });

  test('after a signal, what it broke is an interruption with the exit code of the signal', () => {
    for (const thrown of [
      new Error('socket hang up'),
      new BcnError('interrupted', 'x'),
      new BcnError('storage-unavailable', 'x'),
      new DOMException('aborted', 'AbortError'),
    ]) {
      expect(toBcnError(thrown, aborted)).toMatchObject({ code: 'interrupted', exit: 143 });
    }
  });
});

test('the debug text is the stack of what was thrown', () => {
  const bug = toBcnError(new TypeError('x is undefined'), new AbortController().signal);
  expect(debugText(bug)).toMatch(/^TypeError: x is undefined\n\s+at /);
  expect(debugText(new BcnError('corrupt', 'y', { cause: new Error('inner') }))).toContain('inner');
});
