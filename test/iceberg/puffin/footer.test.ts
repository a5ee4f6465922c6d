import { describe, expect, test } from 'vitest';
import { readFooter } from '../../../src/iceberg/puffin/footer.js';
import { fixture, frame, puffin } from './support.js';

const START = 140;
/** Reads a footer that lies behind 136 bytes of blobs. */
const read = (payload: string | Buffer, flags = 0) =>
  readFooter('s3://b/d.puffin', START, puffin({ payload, flags }).subarray(4));
const blob = (more: string) => `{"blobs":[{"type":"deletion-vector-v1","fields":[],"offset":4,"length":136${more}}]}`;

describe('reads', () => {
  const expected = JSON.parse(fixture('expected.json').toString()) as readonly Record<
    'dataFile' | 'offset' | 'size' | 'records',
    string
  >[];

  test.each(['vectors.puffin', 'packed.puffin'])('%s', (name) => {
    const bytes = fixture(name);
    const footer = readFooter(name, START, bytes.subarray(START));
    expect(footer).toMatchObject({ name, size: bytes.length, start: START });
    expect(footer.blobs).toEqual(
      expected.map(({ dataFile, offset, size, records }) => ({
        type: 'deletion-vector-v1',
        offset: Number(offset),
        length: Number(size),
        compressionCodec: undefined,
        referencedDataFile: dataFile,
        cardinality: records,
      })),
    );
    expect(footer.references).toHaveLength(3);
  });

  test('statistics: no path in them', () => {
    const { blobs, references } = readFooter('theta', 209, fixture('theta.puffin').subarray(209));
    expect(references).toEqual([]);
    expect(blobs).toMatchObject([{ type: 'apache-datasketches-theta-v1', offset: 4, length: 205, compressionCodec: 'zstd' }]);
  });

  test.each([
    ['no properties', blob('')],
    ['null for what may be absent', blob(',"properties":null,"compression-codec":null')],
    ['no data file', blob(',"properties":{"cardinality":"1"}')],
    ['a byte order mark, white space, unknown keys', `\ufeff { "x" : [{"x":1,"x":2}] , "blobs" : [ ] , "later" : 1e400 }\n`],
  ])('%s', (_, json) => {
    expect(read(json).references).toEqual([]);
  });

  test('vectors of a later version; not other blobs with the same property', () => {
    const typed = (type: string) => blob(',"properties":{"referenced-data-file":"f"}').replace('deletion-vector-v1', type);
    expect(read(typed('deletion-vector-v2')).blobs).toMatchObject([{ referencedDataFile: 'f' }]);
    expect(read(typed('mine')).blobs).toMatchObject([{ referencedDataFile: undefined }]);
  });
});

describe('refuses', () => {
  const at = (offset: string, length: string) => `{"blobs":[{"type":"x","offset":${offset},"length":${length}}]}`;
  test.each<readonly [string, string]>([
    ['nothing', ''],
    ['half a document', '{"blobs":['],
    ['two documents', '{"blobs":[]}{}'],
    ['another value', '[]'],
    ['no blobs', '{}'],
    ['null for blobs', '{"blobs":null}'],
    ['an object for blobs', '{"blobs":{}}'],
    ['a blob that is no object', '{"blobs":[1]}'],
    ['the same key twice', '{"blobs":[],"blobs":[]}'],
    ['the same key twice, spelt otherwise', '{"blobs":[],"blob\\u0073":[]}'],
    ['the same key twice in a blob', '{"blobs":[{"type":"x","type":"x","offset":4,"length":1}]}'],
    ['the same key twice in properties', blob(',"properties":{"referenced-data-file":"a","referenced-data-file":"b"}')],
    ['no type', '{"blobs":[{"offset":4,"length":1}]}'],
    ['a type that is no text', '{"blobs":[{"type":1,"offset":4,"length":1}]}'],
    ['a data file that is no text', blob(',"properties":{"referenced-data-file":7}')],
    ['properties that are a list', blob(',"properties":[]')],
    ['a codec that is no text', blob(',"compression-codec":false')],
    ['no offset', '{"blobs":[{"type":"x","length":1}]}'],
    ['no length', '{"blobs":[{"type":"x","offset":4}]}'],
    ['an offset in the magic', at('3', '1')],
    ['a negative offset', at('-1', '1')],
    ['a negative length', at('4', '-1')],
    ['an end in the footer', at('5', '136')],
    ['a huge length', at('4', '9007199254740993')],
    ['a length beyond int64', at('4', '99999999999999999999999')],
    ['a float', at('4', '1.0')],
    ['an exponent', at('4e0', '1')],
    ['a text for an offset', at('"4"', '1')],
  ])('%s: corrupt', (_, json) => {
    const refusal = { code: 'corrupt', object: 's3://b/d.puffin', hint: expect.stringContaining('with its source') };
    expect(() => read(json)).toThrow(expect.objectContaining(refusal));
  });

  test('an error names the place', () => {
    expect(() => read(at('3', '1'))).toThrow("blobs[0] lies outside of the file's blobs: 1 bytes at 3, of 140");
    expect(() => read('{"blobs":[}')).toThrow('The footer of s3://b/d.puffin is not valid JSON at byte 10');
  });

  test('text that is not UTF-8: corrupt', () => {
    expect(() => read(Buffer.from('{"blobs":[],"x":"\xff"}', 'latin1'))).toThrow('invalid UTF-8');
  });

  test.each([0x02, 0x80, 0x100, 0x80000000, 0x03])('flags %i: unsupported', (flags) => {
    expect(() => read('{"blobs":[]}', flags)).toThrow(
      expect.objectContaining({ code: 'unsupported', object: 's3://b/d.puffin' }),
    );
  });

  test('what is said to be packed and is not, and the other way round: corrupt', () => {
    expect(() => read('{"blobs":[]}', 1)).toThrow('does not begin like one');
    expect(() => read(frame(Buffer.from('{"blobs":[]}')))).toThrow('is not valid JSON');
    expect(read(frame(Buffer.from('{"blobs":[]}')), 1).blobs).toEqual([]);
  });

  test('a footer of another size, or without its magic: corrupt', () => {
    const bytes = puffin({ payload: '{"blobs":[]}' }).subarray(4);
    const refused = (part: Buffer) =>
      expect(() => readFooter('f', 4, part)).toThrow(expect.objectContaining({ code: 'corrupt' }));
    refused(bytes.subarray(1));
    refused(bytes.subarray(0, -1));
    refused(Buffer.concat([bytes.subarray(0, 4), bytes]));
    for (const payloadSize of [11, 13, -1, 0x7fffffff]) refused(puffin({ payload: '{"blobs":[]}', payloadSize }).subarray(4));
    for (let end = 0; end < bytes.length; end++) refused(bytes.subarray(0, end));
  });
});
