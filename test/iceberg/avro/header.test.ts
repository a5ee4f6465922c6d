import { describe, expect, test } from 'vitest';
import { headerWithCodec, readHeader } from '../../../src/iceberg/avro/header.js';
import { blob, file, long, parts, SYNC } from './support.js';

const MAGIC = Buffer.from('Obj\x01', 'latin1');
const build = (splitMeta: boolean, codec?: string) =>
  file({
    schema: '"int"',
    blocks: [],
    meta: { 'iceberg.schema': '{}', 'parent-snapshot-id': 'null' },
    splitMeta,
    ...(codec ? { codec } : {}),
  });

test.each([false, true])('reads the map, in one block or several (%s)', (split) => {
  const bytes = build(split, 'deflate');
  const header = readHeader(bytes);
  expect([...header.meta].map(([key, value]) => [key, value.toString()])).toEqual([
    ['iceberg.schema', '{}'],
    ['parent-snapshot-id', 'null'],
    ['avro.schema', '"int"'],
    ['avro.codec', 'deflate'],
  ]);
  expect(header.sync.equals(SYNC)).toBe(true);
  expect(header.end).toBe(bytes.length);
});

test.each([false, true])('changes the codec and nothing else (block sizes: %s)', (split) => {
  for (const [from, to] of [
    ['zstandard', 'deflate'],
    ['x', 'y'.repeat(200)],
  ] as const) {
    const before = build(split, from);
    const after = headerWithCodec(before, readHeader(before), to);
    expect(after.equals(build(split, to))).toBe(true);
    expect(parts(after).meta.get('avro.codec')).toBe(to);
  }
});

describe('corrupt', () => {
  const one = (...entries: readonly Buffer[]) => Buffer.concat([MAGIC, ...entries, SYNC]);
  test.each<readonly [string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['another file', Buffer.from('PAR1 and more, long enough to be one')],
    ['cut in the magic', MAGIC.subarray(0, 3)],
    ['cut in the map', build(false, 'null').subarray(0, 30)],
    ['cut in the sync marker', build(false).subarray(0, -1)],
    ['a key twice', one(long(2), blob('k'), blob('1'), blob('k'), blob('2'), long(0))],
    ['a huge count', one(long(2n ** 40n))],
    ['a key that is not UTF-8', one(long(1), blob(Buffer.from([0xff])), blob(''), long(0))],
    ['a negative length', one(long(1), long(-5))],
    ['a wrong block size', one(long(-1), long(5), blob('k'), blob('1'), long(0))],
  ])('%s', (_, bytes) => {
    expect(() => readHeader(bytes)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});
