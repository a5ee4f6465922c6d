import { describe, expect, test } from 'vitest';
import { bytesOf, countOf, numbersOf, type ProtobufValue, readMessage } from '../../../../src/iceberg/deletes/orc/protobuf.js';

function fields(...bytes: readonly number[]) {
  const found: [number, ProtobufValue][] = [];
  readMessage(Buffer.from(bytes), (id, value) => found.push([id, value]));
  return found;
}

test('numbers, bytes, and what is passed over', () => {
  const fixed = [0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x0d, 1, 2, 3, 4];
  expect(fields(0x08, 0x96, 0x01, 0x12, 2, 97, 98, ...fixed, 0x82, 0xf4, 0x03, 1, 99)).toEqual([
    [1, 150],
    [2, Buffer.from('ab')],
    [8000, Buffer.from('c')],
  ]);
});

test('packed numbers, or one', () => {
  expect(numbersOf(Buffer.from([1, 0x96, 0x01, 0]))).toEqual([1, 150, 0]);
  expect(numbersOf(7)).toEqual([7]);
});

test('numbers that are no safe counts', () => {
  const [[, value] = []] = fields(0x08, ...Array(9).fill(0xff), 0x01);
  expect(value).toBeNaN();
  for (const bad of [value, undefined, Buffer.from('a')])
    expect(() => countOf(bad)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  expect(() => bytesOf(3)).toThrow(expect.objectContaining({ code: 'corrupt' }));
});

describe('damage', () => {
  test.each([
    ['a tag alone', [0x08]],
    ['a number that ends too early', [0x08, 0x80]],
    ['a number of 11 bytes', [0x08, ...Array(10).fill(0x80), 1]],
    ['bytes that end too early', [0x12, 3, 97]],
    ['bytes of no sound length', [0x12, ...Array(9).fill(0xff), 0x01]],
    ['eight bytes that are not there', [0x09, 1]],
    ['four bytes that are not there', [0x0d, 1]],
    ['a group', [0x0b]],
  ])('%s', (_, bytes) => {
    expect(() => fields(...bytes)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});
