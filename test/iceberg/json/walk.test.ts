import { expect, test } from 'vitest';
import { JsonCursor } from '../../../src/iceberg/json/cursor.js';
import { decodeString } from '../../../src/iceberg/json/text.js';
import { shapeOf, walk } from '../../../src/iceberg/json/walk.js';

function visited(text: string, ...places: readonly string[]): readonly string[] {
  const bytes = Buffer.from(text);
  const cursor = JsonCursor.open(bytes, 'x');
  const found: string[] = [];
  walk(cursor, shapeOf(places), (place, key) => {
    const name = decodeString(bytes, key);
    const { start, end } = cursor.skip();
    found.push(`${place} ${name} ${bytes.toString('utf8', start, end)}`);
  });
  cursor.finish();
  return found;
}

test('visits the places, each occurrence, in document order', () => {
  const text = '{"b":{"x.y":1,"z":2},"a":[{"c":[3,[]]},null,{"c":null,"d":4}],"b":{"x.\\u0079":5},"a":null,"ab":6,"c":7}';
  expect(visited(text, 'a[].c[]', 'b."x.y"', 'c')).toEqual([
    'b."x.y" x.y 1',
    'a[].c[] c 3',
    'a[].c[] c []',
    'b."x.y" x.y 5',
    'c c 7',
  ]);
});

test('* stands for the members that are not named', () => {
  expect(visited('{"p":{"q":1,"r":2,"__proto__":3}}', 'p.*', 'p.q')).toEqual(['p.q q 1', 'p.* r 2', 'p.* __proto__ 3']);
});

test.each([
  ['7', 'the document is of type number, not object'],
  ['null', 'the document is of type null, not object'],
  ['{"a":{}}', 'a is of type object, not array'],
  ['{"a":[[]]}', 'a[] is of type array, not object'],
])('refuses %s', (text, message) => {
  expect(() => visited(text, 'a[].c')).toThrow(message);
});
