import { expect, test } from 'vitest';
import { MAX_PATH, Mapper } from '../../../src/iceberg/deletes/mapper.js';

test('asks once for neighbours of one path, with its exact text', () => {
  const asked: string[] = [];
  const mapper = new Mapper((path) => {
    asked.push(path);
    return `new ${path}`;
  });
  const bytes = Buffer.from('\u{feff}s3://ä/%20\u{1f600}');
  const first = mapper.map(bytes);
  expect(first).toEqual({ from: '\u{feff}s3://ä/%20\u{1f600}', to: 'new \u{feff}s3://ä/%20\u{1f600}' });
  expect(mapper.map(Buffer.from(bytes))).toBe(first);
  // The bytes of a page are used again.
  bytes[5] = 0x61;
  expect(mapper.map(bytes)).not.toBe(first);
  expect(asked).toHaveLength(2);
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['no UTF-8', Buffer.from([0x61, 0xff])],
  ['more than any store holds', Buffer.alloc(MAX_PATH + 1, 'a')],
])('%s is no path', (_, bytes) => {
  expect(() => new Mapper((path) => path).map(bytes)).toThrow(expect.objectContaining({ code: 'corrupt' }));
});

test('a new path must be one', () => {
  for (const to of ['', 's3://b/\udc00', '\ud83d'])
    expect(() => new Mapper(() => to).map(Buffer.from('a'))).toThrow(expect.objectContaining({ code: 'usage' }));
});
