import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeStruct } from '../../../src/catalog/hive/struct.js';
import { LIMITS, ProtocolError, StructScanner } from '../../../src/catalog/hive/wire.js';
import { structs } from './arbitrary.js';
import { countReads } from './buffer-reads.js';

function scan(hex: string, maxBytes?: number): boolean {
  const bytes = Buffer.from(hex.replace(/ /g, ''), 'hex');
  return new StructScanner(0, maxBytes).advance(bytes, bytes.length);
}

describe('the scanner finds the end of a struct', () => {
  test('however its bytes are cut', () => {
    fc.assert(
      fc.property(structs(), fc.array(fc.nat(200), { maxLength: 10 }), (value, cuts) => {
        const bytes = encodeStruct(value);
        const scanner = new StructScanner();
        for (const cut of cuts.filter((each) => each < bytes.length).sort((a, b) => a - b)) {
          expect(scanner.advance(bytes, cut)).toBe(false);
        }
        expect(scanner.advance(Buffer.concat([bytes, Buffer.from('rest')]), bytes.length + 4)).toBe(true);
        expect(scanner.position).toBe(bytes.length);
      }),
      { numRuns: 500 },
    );
  });

  test('with work linear in its length, byte by byte', () => {
    const item = '00000008 6161616161616161'.replace(/ /g, '');
    const count = 100_000;
    const bytes = Buffer.from(`0f00000b${count.toString(16).padStart(8, '0')}${item.repeat(count)}00`, 'hex');
    const scanner = new StructScanner();
    const { reads } = countReads(() => {
      for (let length = 1; length < bytes.length; length += 1) scanner.advance(bytes, length);
    }, 10 * bytes.length);
    expect(scanner.advance(bytes, bytes.length)).toBe(true);
    expect(reads).toBeLessThan(2 * bytes.length);
  });
});

describe('the scanner refuses at once', () => {
  test.each([
    ['a string of 1 GB', '0b0001 40000000'],
    ['a string of negative length', '0b0001 ffffffff'],
    ['a list of a billion', '0f0001 0b 3b9aca00'],
    ['a list of a billion bytes', '0f0001 03 3b9aca00'],
    ['a list of negative size', '0f0001 0b ffffffff'],
    ['a map of negative size', '0d0001 0b0b 80000000'],
    ['a set of structs that cannot fit', '0e0001 0c 7fffffff'],
    ['an unknown type', '09 0001'],
    ['the void type', '01 0001'],
    ['a list of an unknown type', '0f0001 20 00000001'],
    ['a stop as the type of elements', '0f0001 00 00000001'],
    ['structs nested 100,000 deep', '0c0001'.repeat(100_000)],
    ['lists nested 100,000 deep', `0f0001${'0f00000001'.repeat(100_000)}`],
    ['more values than anybody has', '0f0001 03 05f00000'],
  ])('%s', (_what, hex) => {
    expect(() => scan(hex)).toThrow(ProtocolError);
  });

  test('whatever passes the cap, though no single value does', () => {
    expect(() => scan('0b0001 00000008 6161616161616161'.repeat(10), 100)).toThrow('100 bytes');
    expect(() => scan('080001 00000000'.repeat(20), 100)).toThrow('100 bytes');
    expect(() => scan('0f0001 0b 00000000'.repeat(20), 100)).toThrow('100 bytes');
  });

  test('nothing that fits: a struct at the limits', () => {
    expect(scan('0c0001'.repeat(LIMITS.depth - 1) + '00'.repeat(LIMITS.depth))).toBe(true);
    expect(() => scan('0c0001'.repeat(LIMITS.depth) + '00'.repeat(LIMITS.depth + 1))).toThrow('nested deeper');
    expect(scan('0f0001 0c 00000000 0d0002 0000 00000000 00')).toBe(true);
  });
});
