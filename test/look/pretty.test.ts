import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prettyLines } from '../../src/look/pretty.js';

const pretty = (text: string) => [...prettyLines(text)].join('\n');

test('as JSON.stringify does it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
      const normal = JSON.parse(JSON.stringify(value)) as unknown;
      expect(pretty(JSON.stringify(normal, undefined, space as string))).toBe(JSON.stringify(normal, undefined, 2));
    }),
    { numRuns: 300 },
  );
});

test('tokens stay as they are', () => {
  const text = '{"a":9223372036854775807,"a":1.50e+3,"\\u00e9\\/":"\\"{[,:]}\\\\","n":-0}';
  expect(pretty(text)).toBe(
    ['{', '  "a": 9223372036854775807,', '  "a": 1.50e+3,', '  "\\u00e9\\/": "\\"{[,:]}\\\\",', '  "n": -0', '}'].join('\n'),
  );
});

test('a string of megabytes', () => {
  const long = `["${'x\\"'.repeat(2_000_000)}"]`;
  expect(pretty(long).length).toBe(long.length + '\n  '.length + 1);
});
