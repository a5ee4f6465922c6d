import { describe, expect, test } from 'vitest';
import { fields, getInt64, getTextMap, int32, int64, text, textMap, withTexts } from '../../../src/catalog/hive/fields.js';
import { decodeStruct, encodeStruct } from '../../../src/catalog/hive/struct.js';
import { ProtocolError, T } from '../../../src/catalog/hive/wire.js';

test.each([0n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])('%s is a 64-bit number, exactly', (value) => {
  const decoded = decodeStruct(encodeStruct(fields([[1, int64(value)]])));
  expect(getInt64(decoded, 1)).toBe(value);
  expect(getInt64(decoded, 2)).toBeUndefined();
});

test('a number of another size is not taken for one', () => {
  expect(() => getInt64(fields([[1, int32(1)]]), 1)).toThrow(ProtocolError);
});

describe('setting entries of a map', () => {
  const before = fields([
    [3, text('before')],
    [
      9,
      textMap([
        ['a', '1'],
        ['b', 'zwei'],
        ['c', '3'],
      ]),
    ],
    [99, int64(5n)],
  ]);

  test('changes them where they stand, and leaves every other byte', () => {
    const changed = withTexts(before, 9, { b: 'b2' });
    const expected = Buffer.from(encodeStruct(before).toString('latin1').replace('\0\0\0\u0004zwei', '\0\0\0\u0002b2'), 'latin1');
    expect(encodeStruct(changed)).toEqual(expected);
    expect(encodeStruct(withTexts(changed, 9, { b: 'zwei' }))).toEqual(encodeStruct(before));
  });

  test('adds those that are new at the end', () => {
    expect([...getTextMap(withTexts(before, 9, { new: 'é', a: '' }), 9)]).toEqual([
      ['a', ''],
      ['b', 'zwei'],
      ['c', '3'],
      ['new', 'é'],
    ]);
  });

  test('makes the map where there is none', () => {
    expect([...getTextMap(withTexts(new Map(), 9, { a: '1' }), 9)]).toEqual([['a', '1']]);
  });

  test('keeps values that are no UTF-8', () => {
    const odd = { type: T.STRING, value: Buffer.from([0xff, 0xfe]) } as const;
    const raw = fields([[9, { type: T.MAP, value: { keyType: T.STRING, valueType: T.STRING, entries: [[text('odd'), odd]] } }]]);
    const back = withTexts(withTexts(raw, 9, { a: '1' }), 9, { a: '2' });
    expect(encodeStruct(back).includes(odd.value)).toBe(true);
  });

  test('refuses a field that is no such map', () => {
    expect(() => withTexts(fields([[9, int32(1)]]), 9, { a: '1' })).toThrow(ProtocolError);
    const ids = { keyType: T.I32, valueType: T.STRING, entries: [[int32(1), text('x')]] } as const;
    expect(() => withTexts(fields([[9, { type: T.MAP, value: ids }]]), 9, { a: '1' })).toThrow(ProtocolError);
  });

  test('a key called __proto__ is a key', () => {
    const changed = withTexts(before, 9, Object.fromEntries([['__proto__', 'x']]));
    expect(getTextMap(changed, 9).get('__proto__')).toBe('x');
  });
});
