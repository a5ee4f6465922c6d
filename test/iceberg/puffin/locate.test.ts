import { describe, expect, test } from 'vitest';
import { locateFooter, MAX_PAYLOAD } from '../../../src/iceberg/puffin/locate.js';
import { fixture, MAGIC, puffin, uint32BE, uint32LE, vector } from './support.js';

const locate = (bytes: Buffer, size = bytes.length) =>
  locateFooter('s3://b/d.puffin', size, bytes.subarray(0, 9), bytes.subarray(-12));

describe('finds the footer', () => {
  test('of files that Spark wrote', () => {
    expect(locate(fixture('vectors.puffin'))).toBe(140);
    expect(locate(fixture('packed.puffin'))).toBe(140);
    expect(locate(fixture('theta.puffin'))).toBe(209);
  });
  test('of a file without blobs', () => expect(locate(puffin({ payload: '{"blobs":[]}' }))).toBe(4));
  test('of a file of 5 GB', () => {
    const end = puffin({ payload: 'x'.repeat(70_000) });
    expect(locateFooter('f', 5_000_000_000, end, end)).toBe(5_000_000_000 - 70_016);
  });
  test('with more bytes than it asks for', () => {
    const bytes = fixture('vectors.puffin');
    expect(locateFooter('f', bytes.length, bytes, bytes)).toBe(140);
  });
});

describe('there is none in vectors without a container', () => {
  test('as DuckDB and DuckLake write them', () => expect(locate(vector())).toBeUndefined());
  test('whose checksum ends like a Puffin file', () => {
    const bytes = Buffer.concat([vector().subarray(0, 16), MAGIC]);
    expect(locate(bytes)).toBeUndefined();
  });
  test('as Delta Lake writes them, several behind a version', () => {
    expect(locate(Buffer.concat([Buffer.from([1]), vector(), vector()]))).toBeUndefined();
    expect(() => locate(Buffer.concat([Buffer.from([2]), vector()]))).toThrow('neither a Puffin file');
  });
});

describe('refuses', () => {
  const sound = fixture('vectors.puffin');
  const withSize = (size: number) => puffin({ body: vector(), payload: '{"blobs":[]}', payloadSize: size });
  test.each<readonly [string, string, string, Buffer]>([
    ['an empty file', 'corrupt', 'neither', Buffer.alloc(0)],
    ['garbage', 'corrupt', 'neither', Buffer.from('PAR1 and whatever follows it')],
    ['a short file', 'corrupt', 'neither', Buffer.from('PF')],
    ['only a magic', 'corrupt', 'does not end with', MAGIC],
    ['a file cut off at its end', 'corrupt', 'does not end with "PFA1"', sound.subarray(0, -1)],
    ['a file cut off at its beginning', 'corrupt', 'does not begin with "PFA1"', sound.subarray(1)],
    ['two magics and no footer', 'corrupt', 'its footer has', Buffer.concat([MAGIC, Buffer.alloc(8), MAGIC])],
    ['one magic where two should be', 'corrupt', 'its footer has', Buffer.concat([MAGIC, uint32LE(0), uint32LE(0), MAGIC])],
    ['a footer larger than the file', 'corrupt', 'its footer has 33 bytes, in a file of 52', withSize(33)],
    ['a footer of 2 GiB', 'corrupt', 'its footer has 2147483647 bytes', withSize(0x7fffffff)],
    ['a footer of negative size', 'corrupt', 'its footer has -1 bytes', withSize(-1)],
    ['an encrypted file', 'unsupported', 'encrypted', Buffer.concat([Buffer.from('AGS1'), sound])],
    ['a vector cut off', 'corrupt', 'cut short', vector().subarray(0, 19)],
    ['a vector behind a version cut off', 'corrupt', 'cut short', Buffer.concat([Buffer.from([1]), vector().subarray(0, 19)])],
    ['a vector of 4 GB', 'corrupt', 'cut short', Buffer.concat([uint32BE(0xffffffff), vector().subarray(4)])],
  ])('%s: %s', (_, code, message, bytes) => {
    const refusal = { code, object: 's3://b/d.puffin', message: expect.stringContaining(message) };
    expect(() => locate(bytes)).toThrow(expect.objectContaining(refusal));
  });

  test('a footer that does not fit in memory: unsupported', () => {
    const bytes = withSize(MAX_PAYLOAD + 1);
    expect(() => locate(bytes, 2 ** 31)).toThrow(expect.objectContaining({ code: 'unsupported' }));
    expect(locate(withSize(MAX_PAYLOAD), 2 ** 31)).toBe(2 ** 31 - 16 - MAX_PAYLOAD);
  });

  test('too few bytes to tell: a bug of the caller', () => {
    expect(() => locateFooter('f', 100, sound.subarray(0, 8), sound)).toThrow(RangeError);
    expect(() => locateFooter('f', 100, sound, sound.subarray(-11))).toThrow(RangeError);
  });
});
