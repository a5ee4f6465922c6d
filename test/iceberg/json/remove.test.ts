import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonCursor, type Span } from '../../../src/iceberg/json/cursor.js';
import { removal } from '../../../src/iceberg/json/remove.js';
import { splice } from '../../../src/iceberg/json/splice.js';

function without(text: string, drops: (index: number) => boolean): string {
  const bytes = Buffer.from(text);
  const cursor = JsonCursor.open(bytes, 'x');
  const spans: Span[] = [];
  if (cursor.kind() === 'array') cursor.array(() => spans.push(cursor.skip()));
  else cursor.object((key) => spans.push({ start: key.start, end: cursor.skip().end }));
  return splice(bytes, removal(spans, drops)).toString();
}

describe('removal', () => {
  test.each([
    ['[1,2,3]', [0], '[2,3]'],
    ['[1,2,3]', [1], '[1,3]'],
    ['[1,2,3]', [2], '[1,2]'],
    ['[1,2,3,4,5]', [0, 1, 3], '[3,5]'],
    ['[1,2,3]', [0, 1, 2], '[]'],
    ['[\n  1,\n  2,\n  3\n]', [0], '[\n  2,\n  3\n]'],
    ['[\n  1,\n  2,\n  3\n]', [1], '[\n  1,\n  3\n]'],
    ['[\n  1,\n  2,\n  3\n]', [2], '[\n  1,\n  2\n]'],
    ['[ 1 , 2 , 3 ]', [0, 2], '[ 2 ]'],
    ['[ 1 , 2 ]', [0, 1], '[  ]'],
    ['{"a" : 1 , "b":[1,2], "c":{} }', [1], '{"a" : 1, "c":{} }'],
    ['{"a":1}', [0], '{}'],
    ['[]', [], '[]'],
  ] as const)('%j without %j', (text, drops, expected) => {
    expect(without(text, (index) => (drops as readonly number[]).includes(index))).toBe(expected);
  });

  test('any items with any white space', () => {
    const space = fc.constantFrom('', ' ', '\n  ', '\t\r\n');
    const item = fc.tuple(space, fc.constantFrom('1', '"a,b]"', '{"x":[1,2]}', '[]', 'null'), space, fc.boolean());
    fc.assert(
      fc.property(fc.array(item, { maxLength: 7 }), (items) => {
        const text = `[${items.map(([before, value, after]) => before + value + after).join(',')}]`;
        const left = items.filter(([, , , drop]) => !drop).map(([, value]) => JSON.parse(value));
        const result = without(text, (index) => items[index]?.[3] === true);
        expect(JSON.parse(result)).toEqual(left);
        if (left.length === items.length) expect(result).toBe(text);
      }),
    );
  });
});
