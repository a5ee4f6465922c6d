import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readContainer, rewriteContainer } from '../../../src/iceberg/avro/container.js';
import { blob, encode, type FileSpec, file, type Json, long, parts, SYNC } from './support.js';

const SCHEMA: Json = { type: 'record', name: 'r', fields: [{ name: 's', type: 'string' }] };
const spec = (more: Partial<FileSpec> = {}): FileSpec => ({
  schema: SCHEMA,
  blocks: [[{ s: 'a' }, { s: 'old' }], [{ s: 'b' }], [{ s: 'old' }]],
  ...more,
});
const snappyLibrary = await import('snappyjs');

async function read(bytes: Buffer): Promise<readonly string[]> {
  const seen: string[] = [];
  await readContainer(bytes, 'f.avro', () => (c) => seen.push(c.readString()));
  return seen;
}

const rewrite = (bytes: Buffer, from = 'old', to = 'much newer') =>
  rewriteContainer(bytes, 'f.avro', () => (c, splice) => {
    const start = c.pos;
    if (c.readString() === from) splice?.replace(start, c.pos).putString(to);
  });

test('reads every record of every block', async () => {
  expect(await read(file(spec()))).toEqual(['a', 'old', 'b', 'old']);
  expect(await read(file(spec({ blocks: [] })))).toEqual([]);
  expect(await read(file(spec({ blocks: [[], [{ s: 'x' }], []] })))).toEqual(['x']);
});

describe('rewriting', () => {
  test.each([undefined, 'null', 'deflate'])('codec %s: only the changed blocks change', async (codec) => {
    const before = file(spec({ ...(codec ? { codec } : {}), meta: { 'iceberg.schema': '{"é": 1}' }, splitMeta: true }));
    const after = await rewrite(before);
    const [was, is] = [parts(before), parts(after)];
    expect(is.header.equals(was.header)).toBe(true);
    expect(is.blocks.map((block) => block.count)).toEqual([2, 1, 1]);
    expect(await read(after)).toEqual(['a', 'much newer', 'b', 'much newer']);
    expect(is.blocks[1]?.data.equals(was.blocks[1]?.data as Buffer)).toBe(true);
    expect(
      after.equals(
        file(
          spec({
            ...(codec ? { codec } : {}),
            meta: { 'iceberg.schema': '{"é": 1}' },
            splitMeta: true,
            blocks: [[{ s: 'a' }, { s: 'much newer' }], [{ s: 'b' }], [{ s: 'much newer' }]],
          }),
        ),
      ),
    ).toBe(true);
  });

  test('an unchanged block keeps its packed bytes, even where we would pack differently', async () => {
    const before = file(spec({ codec: 'deflate', pack: (data) => zlib.deflateRawSync(data, { level: 0 }) }));
    const after = await rewrite(before);
    const packed = zlib.deflateRawSync(encode(SCHEMA, { s: 'b' }), { level: 0 });
    expect(after.includes(Buffer.concat([long(1), long(packed.length), packed, SYNC]))).toBe(true);
  });

  test('an unchanged file is the same bytes, in any codec', async () => {
    for (const more of [{}, { codec: 'deflate' }, { codec: 'bzip2', blocks: [] }]) {
      const before = file(
        spec({ pack: (data) => (more.codec === 'deflate' ? zlib.deflateRawSync(data, { level: 0 }) : data), ...more }),
      );
      expect(await rewrite(before, 'not there')).toBe(before);
    }
  });

  test('large blocks go through the thread pool', async () => {
    const records = Array.from({ length: 40_000 }, (_, i) => ({ s: i % 2 ? 'old' : `${i * 7919}` }));
    const before = file(spec({ codec: 'deflate', blocks: [records, records] }));
    expect(await read(await rewrite(before))).toEqual([...records, ...records].map(({ s }) => (s === 'old' ? 'much newer' : s)));
  });

  test('snappy stays snappy, with its checksum', async () => {
    const sum = (data: Buffer) => {
      const out = Buffer.alloc(4);
      out.writeUInt32BE(zlib.crc32(data));
      return out;
    };
    const pack = (data: Buffer) => Buffer.concat([snappyLibrary.compress(data), sum(data)]);
    const after = await rewrite(file(spec({ codec: 'snappy', pack })));
    expect(parts(after, (data) => data).meta.get('avro.codec')).toBe('snappy');
    expect(
      parts(after, (data) => snappyLibrary.uncompress(data.subarray(0, -4))).blocks[2]?.data.equals(blob('much newer')),
    ).toBe(true);
    expect(await read(after)).toEqual(['a', 'much newer', 'b', 'much newer']);
  });

  test('a codec that cannot be written becomes deflate in all blocks, and only avro.codec tells', async () => {
    // Python: bz2.compress(b'\x06old'), bz2.compress(b'\x02b')
    const packed = new Map([
      ['06', 'QlpoOTFBWSZTWa/MXA8AAABBAAEABASgACGaaDNNDLxdyRThQkK/MXA8'],
      ['02', 'QlpoOTFBWSZTWfqd+HQAAABBABAAEAAgACEAgrF3JFOFCQ+p34dA'],
    ]);
    const pack = (data: Buffer) => Buffer.from(packed.get(data.subarray(0, 1).toString('hex')) as string, 'base64');
    const before = file(
      spec({ codec: 'bzip2', pack, blocks: [[{ s: 'old' }], [{ s: 'b' }]], meta: { x: 'y' }, splitMeta: true }),
    );
    expect(await read(before)).toEqual(['old', 'b']);
    const after = await rewrite(before);
    expect(
      after.equals(
        file(spec({ codec: 'deflate', blocks: [[{ s: 'much newer' }], [{ s: 'b' }]], meta: { x: 'y' }, splitMeta: true })),
      ),
    ).toBe(true);
    expect(await rewrite(before, 'not there')).toBe(before);
  });
});

describe('corrupt, with the name of the file and a next step', () => {
  const good = file(spec());
  const block = (count: number, data: Buffer, sync = SYNC) =>
    Buffer.concat([parts(good).header, long(count), long(data.length), data, sync]);
  test.each<readonly [string, Buffer]>([
    ['trailing bytes', Buffer.concat([good, Buffer.from('x')])],
    ['a missing last byte', good.subarray(0, -1)],
    ['another sync marker', block(1, blob('a'), Buffer.from('0123456789abcdeF'))],
    ['too few records', block(1, Buffer.concat([blob('a'), blob('b')]))],
    ['too many records', block(3, Buffer.concat([blob('a'), blob('b')]))],
    ['a huge count', block(2 ** 40, blob('a'))],
    ['a negative count', block(-1, blob('a'))],
    ['a negative length', Buffer.concat([parts(good).header, long(1), long(-1), SYNC])],
    ['a huge length', Buffer.concat([parts(good).header, long(1), long(2n ** 62n), SYNC])],
    ['a varint of eleven bytes', Buffer.concat([parts(good).header, Buffer.alloc(10, 0xff), Buffer.from([1])])],
    [
      'a schema that is not UTF-8',
      Buffer.concat([
        Buffer.from('Obj\x01', 'latin1'),
        long(1),
        blob('avro.schema'),
        blob(Buffer.from([0x22, 0xff, 0x22])),
        long(0),
        SYNC,
      ]),
    ],
    ['no schema', Buffer.concat([Buffer.from('Obj\x01', 'latin1'), long(0), SYNC])],
  ])('%s', async (_, bytes) => {
    const expected = { code: 'corrupt', object: 'f.avro', hint: expect.any(String) };
    await expect(read(bytes)).rejects.toMatchObject(expected);
    await expect(rewrite(bytes)).rejects.toMatchObject(expected);
  });
});

test('other schemas and codecs are unsupported', async () => {
  await expect(read(file({ schema: '"int"', blocks: [] }))).rejects.toMatchObject({ code: 'unsupported', object: 'f.avro' });
  await expect(read(file(spec({ codec: 'xz', pack: (data) => data })))).rejects.toMatchObject({
    code: 'unsupported',
    object: 'f.avro',
    message: expect.stringContaining('xz'),
  });
});

test('an error of the visitor passes through; an aborted signal stops', async () => {
  const bug = new Error('from the visitor');
  const failing = rewriteContainer(file(spec()), 'f', () => () => {
    throw bug;
  });
  await expect(failing).rejects.toBe(bug);
  await expect(readContainer(file(spec()), 'f', () => () => {}, AbortSignal.abort(bug))).rejects.toBe(bug);
});
