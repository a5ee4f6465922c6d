import { describe, expect, test } from 'vitest';
import { checkLengths } from '../../../src/catalog/hive/lengths.js';

type Texts = Parameters<typeof checkLengths>[0];

const entry = (changes: Partial<Texts>): Texts => ({
  table: 'db.t',
  location: 's3://b/t',
  owner: 'me',
  columns: [{ name: 'c', type: 'int' }],
  parameters: new Map([['k', 'v']]),
  ...changes,
});
const refusal = (changes: Partial<Texts>) => {
  try {
    checkLengths(entry(changes));
    return undefined;
  } catch (error) {
    return error;
  }
};

/** Four bytes and two UTF-16 units, one character. */
const ODD = '😀';

describe.each([
  ['a table property', 256, (key: string) => ({ parameters: new Map([[key, '']]) }), /property "x.*Remove the property/],
  ['a column', 767, (name: string) => ({ columns: [{ name, type: 'int' }] }), /column name "x.*Rename the column/],
  [
    'a comment',
    4000,
    (comment: string) => ({ columns: [{ name: 'c', type: 'int', comment }] }),
    /comment of column "c".*Shorten the comment/,
  ],
  ['an owner', 767, (owner: string) => ({ owner }), /owner "x.*another owner/],
  ['a location', 4000, (location: string) => ({ location }), /location "x.*--target-location/],
] as const)('%s of up to %i characters', (_what, width, change, text) => {
  test('is held', () => {
    expect(refusal(change('x'.repeat(width)))).toBeUndefined();
    expect(refusal(change(ODD.repeat(width)))).toBeUndefined();
  });

  test('is named when it is longer, with the limit and the fix', () => {
    const error = refusal(change('x'.repeat(width + 1))) as Error & { hint: string };
    expect(error).toMatchObject({ code: 'unsupported', exit: 22, table: 'db.t' });
    expect(`${error.message} ${error.hint}`).toMatch(text);
    expect(error.message).toContain(`of ${width + 1} characters is longer than the ${width}`);
    expect(error.message.length).toBeLessThan(250);
    expect(refusal(change(ODD.repeat(width + 1)))).toBeDefined();
  });
});

test('values of properties and types have no limit', () => {
  const long = 'x'.repeat(1_000_000);
  expect(refusal({ parameters: new Map([['k', long]]), columns: [{ name: 'c', type: `struct<${long}:int>` }] })).toBeUndefined();
});
