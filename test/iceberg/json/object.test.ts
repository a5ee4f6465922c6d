import { expect, test } from 'vitest';
import { JsonObject } from '../../../src/iceberg/json/object.js';

const parse = (text: string) => JsonObject.parse(Buffer.from(text), 'x');

test('getters give members, undefined for absent and null ones', () => {
  const object = parse('{"s":"\\u00e9","i":-9223372036854775808,"o":{"a" : 1},"l":["a","b"],"n":null,"x": [1, 1.0] }');
  expect(object.string('s')).toBe('é');
  expect(object.int64('i')).toBe(-(2n ** 63n));
  expect(object.object('o')?.text).toBe('{"a" : 1}');
  expect(object.strings('l')).toEqual(['a', 'b']);
  expect(object.raw('x')).toBe('[1, 1.0]');
  expect(object.count('x')).toBe(2);
  expect(object.keys()).toEqual(['s', 'i', 'o', 'l', 'n', 'x']);
  for (const key of ['n', 'absent', '__proto__', 'constructor']) {
    expect([object.string(key), object.int64(key), object.object(key), object.strings(key), object.raw(key)]).toEqual(
      Array(5).fill(undefined),
    );
    expect(object.count(key)).toBe(0);
    expect(() => object.require(key, object.string)).toThrow('is missing');
  }
});

test('items may be read out of order and after the walk', () => {
  const items: JsonObject[] = [];
  const object = parse('{"a":[{"v":["1"]},{"v":["2","3"]}]}');
  object.eachObject('a', (item) => {
    expect(object.count('a')).toBe(2);
    items.push(item);
  });
  expect(items.reverse().map((item) => item.strings('v'))).toEqual([['2', '3'], ['1']]);
});

test('a long key or number is shortened in errors', () => {
  const key = 'k'.repeat(5000);
  expect(() => parse(`{"${key}":1}`).string(key.slice())).toThrow(/^x: .{1,5100} is a number, not a string$/);
  expect(() => parse(`{"n":${'1'.repeat(5000)}}`).int64('n')).toThrow(/^x: n is 1{60}…, not an int64$/);
});
