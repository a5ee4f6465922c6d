import { describe, expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { parseHistory } from '../../src/restore/history.js';

describe('parseHistory', () => {
  test.each([
    ['full', { kind: 'full' }],
    ['current', { kind: 'current' }],
    ['last:1', { kind: 'last', count: 1 }],
    ['last:25', { kind: 'last', count: 25 }],
    ['last:007', { kind: 'last', count: 7 }],
  ])('%s', (value, keep) => expect(parseHistory(value)).toEqual(keep));

  test.each([
    '',
    'last',
    'last:',
    'last:0',
    'last:000',
    'last:-1',
    'last:1.5',
    'last:1e3',
    'last: 3',
    'last:3 ',
    'last:9999999999999999',
    'Full',
    'none',
    '3',
  ])('%j is a usage error that says what is possible', (value) => {
    expect(() => parseHistory(value)).toThrow(expect.objectContaining({ code: 'usage', exit: 2 }));
    expect(() => parseHistory(value)).toThrow(/full, current or last:N/);
    expect(() => parseHistory(value)).toThrow(BcnError);
  });
});
