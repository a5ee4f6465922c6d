import { expect, test } from 'vitest';
import { BcnError } from '../../../src/errors.js';
import { cannotHandle, damaged, inPuffin } from '../../../src/iceberg/puffin/errors.js';

const thrown = (error: unknown) => {
  try {
    return inPuffin('f.puffin', () => {
      throw error;
    });
  } catch (found) {
    return found;
  }
};

test('errors name the file and the next step', () => {
  const hint = expect.stringContaining('with its source');
  expect(thrown(damaged('x'))).toMatchObject({ code: 'corrupt', object: 'f.puffin', message: 'Damaged Puffin file: x', hint });
  expect(thrown(cannotHandle('x'))).toMatchObject({ code: 'unsupported', object: 'f.puffin', hint: undefined });
  // The JSON reader speaks of metadata files.
  expect(thrown(new BcnError('corrupt', 'x', { object: 'other', hint: 'earlier metadata' }))).toMatchObject({
    object: 'f.puffin',
    hint,
  });
});

test('other errors are bugs, and pass as they are', () => {
  const bug = new TypeError('bug');
  expect(thrown(bug)).toBe(bug);
});
