import { describe, expect, test } from 'vitest';
import { ApplicationFault } from '../../../src/catalog/hive/faults.js';
import { fields, int32, list, struct, text, textMap } from '../../../src/catalog/hive/fields.js';
import { encodeCall, ReplyReader } from '../../../src/catalog/hive/message.js';
import { encodeStruct } from '../../../src/catalog/hive/struct.js';
import { T } from '../../../src/catalog/hive/wire.js';
import { countReads } from './buffer-reads.js';
import { message } from './server.js';

const NAME = 'get_table_objects_by_name_req';
const FRAMINGS = [false, true] as const;

test.each(FRAMINGS)('a call is a strict message, framed: %s', (framed) => {
  const args = fields([[1, text('x')]]);
  expect(encodeCall('get_x', 7, args, framed)).toEqual(message(1, 'get_x', 7, args, framed));
});

describe.each(FRAMINGS)('a reply, framed: %s', (framed) => {
  const result = fields([[0, textMap([['a', 'é'.repeat(50)]])]]);
  const bytes = message(2, NAME, 7, result, framed);

  test('is read in one piece, byte by byte, and cut in two anywhere', () => {
    expect(new ReplyReader(NAME, 7, framed).push(bytes)).toEqual(result);
    const reader = new ReplyReader(NAME, 7, framed);
    for (const byte of bytes.subarray(0, -1)) expect(reader.push(Buffer.of(byte))).toBeUndefined();
    expect(reader.push(bytes.subarray(-1))).toEqual(result);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const halves = new ReplyReader(NAME, 7, framed);
      expect(halves.push(bytes.subarray(0, cut))).toBeUndefined();
      expect(halves.push(bytes.subarray(cut))).toEqual(result);
    }
  });

  test('that is an exception is thrown, also without words', () => {
    const thrown = message(
      3,
      NAME,
      7,
      fields([
        [1, text('Invalid method name')],
        [2, int32(1)],
      ]),
      framed,
    );
    expect(() => new ReplyReader(NAME, 7, framed).push(thrown)).toThrow(new ApplicationFault(1, 'Invalid method name'));
    expect(() => new ReplyReader(NAME, 7, framed).push(message(3, NAME, 7, new Map(), framed))).toThrow('no message');
  });
});

describe('work is linear in the length of a reply', () => {
  const MB = 1 << 20;
  const small = listing(MB);
  const large = listing(8 * MB);

  // What is counted: every read of the walk and of the decoder, and every byte that gathering the chunks copies.
  test.each([
    [false, 64 * 1024],
    [false, 1024],
    [true, 64 * 1024],
    [true, 1024],
  ])('framed: %s, in chunks of %i bytes', (framed, chunk) => {
    const [less, more] = [work(small, framed, chunk), work(large, framed, chunk)];
    const growth = large.length / small.length;
    expect(growth).toBeGreaterThan(7.9);
    expect(more.reads / less.reads).toBeLessThan(growth * 1.05);
    // A buffer that doubles copies each byte twice more at worst.
    expect(more.copied).toBeLessThan(3.1 * large.length);
    // However it is cut: a chunk costs a handful of reads beside those for its values.
    const chunks = Math.ceil(large.length / chunk);
    expect(more.reads - work(large, framed, large.length).reads).toBeLessThan(10 * chunks);
  });

  test('one string of 8 MB is stepped over, not walked', () => {
    const one = encodeStruct(fields([[0, text('x'.repeat(8 * MB))]]));
    expect(work(one, false, 1024).reads).toBeLessThan(10 * Math.ceil(one.length / 1024));
  });
});

/** Tables with columns and parameters, as a listing has them: about `bytes` long. */
function listing(bytes: number): Buffer {
  const column = fields([
    [1, text('a_column')],
    [2, text('decimal(38,10)')],
  ]);
  const table = struct(
    fields([
      [1, text('a_table')],
      [
        7,
        struct(
          fields([
            [
              1,
              list(
                T.STRUCT,
                Array.from({ length: 30 }, () => struct(column)),
              ),
            ],
          ]),
        ),
      ],
      [9, textMap([['metadata_location', 's3a://warehouse/db/t/metadata/00001-a.metadata.json']])],
    ]),
  );
  const each = encodeStruct(fields([[1, table]])).length - 4;
  return encodeStruct(
    fields([
      [
        0,
        list(
          T.STRUCT,
          Array.from({ length: Math.ceil(bytes / each) }, () => table),
        ),
      ],
    ]),
  );
}

/** Reads a reply with this struct (bytes) in chunks, counting what is done to its bytes. */
function work(body: Buffer, framed: boolean, chunk: number): { reads: number; copied: number } {
  const head = message(2, NAME, 7, new Map()).subarray(0, -1);
  const length = Buffer.alloc(framed ? 4 : 0);
  if (framed) length.writeUInt32BE(head.length + body.length);
  const bytes = Buffer.concat([length, head, body]);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, at) => bytes.subarray(at * chunk, (at + 1) * chunk));
  const reader = new ReplyReader(NAME, 7, framed);
  return countReads(() => {
    const results = chunks.map((each) => reader.push(each) !== undefined);
    expect(results.lastIndexOf(false)).toBe(chunks.length - 2);
    expect(results.at(-1)).toBe(true);
  }, 2 * bytes.length);
}
