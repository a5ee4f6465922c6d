import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fields, getInt32, getText, getTextMap, int32, struct, text, textMap } from '../../../src/catalog/hive/fields.js';
import { decodeStruct, encodeStruct } from '../../../src/catalog/hive/struct.js';
import { ProtocolError } from '../../../src/catalog/hive/wire.js';
import { structs } from './arbitrary.js';

describe('structs are lossless', () => {
  test('decode(encode(x)) = x and encode(decode(bytes)) = bytes, whatever the fields', () => {
    fc.assert(
      fc.property(structs(), (value) => {
        const bytes = encodeStruct(value);
        expect(decodeStruct(bytes)).toEqual(value);
        expect(encodeStruct(decodeStruct(bytes))).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['strings that are not UTF-8', '0b00010000000280ff00'],
    ['the types of empty containers', '0d0002080a000000000f00030b0000000000'],
    ['a signalling NaN with a payload', '0400017ff000000000beef00'],
    ['a bool that is neither 0 nor 1', '020001ff00'],
  ])('%s survive', (_what, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(encodeStruct(decodeStruct(bytes))).toEqual(bytes);
  });

  test('every prefix of a struct, and a struct with a byte too many, is refused', () => {
    fc.assert(
      fc.property(structs(2), (value) => {
        const bytes = encodeStruct(value);
        for (let end = 0; end < bytes.length; end += 1) expect(() => decodeStruct(bytes.subarray(0, end))).toThrow(ProtocolError);
        expect(() => decodeStruct(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(ProtocolError);
      }),
      { numRuns: 100 },
    );
  });

  test('random bytes either decode losslessly or are refused, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (array) => {
        const bytes = Buffer.from(array);
        try {
          expect(encodeStruct(decodeStruct(bytes))).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test('a field that occurs twice is refused: one of the two would be lost', () => {
    const once = encodeStruct(fields([[1, int32(1)]])).subarray(0, -1);
    expect(() => decodeStruct(Buffer.concat([once, once, Buffer.of(0)]))).toThrow('field 1 occurs twice');
  });
});

describe('fields', () => {
  const value = fields([
    [1, text('ü')],
    [2, int32(-5)],
    [3, textMap([['a', 'b']])],
    [4, undefined],
  ]);

  test('are read by id, absent ones as undefined', () => {
    expect(getText(value, 1)).toBe('ü');
    expect(getInt32(value, 2)).toBe(-5);
    expect(getTextMap(value, 3)).toEqual(new Map([['a', 'b']]));
    expect(value.has(4)).toBe(false);
    expect(getText(value, 9)).toBeUndefined();
  });

  test('of another type are a protocol error', () => {
    expect(() => getText(value, 2)).toThrow(ProtocolError);
    expect(() => getTextMap(fields([[1, struct(value)]]), 1)).toThrow(ProtocolError);
  });
});
