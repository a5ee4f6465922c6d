import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readFooter } from '../../../src/iceberg/puffin/footer.js';
import { rewriteFooter } from '../../../src/iceberg/puffin/rewrite.js';
import { fixture, frame, puffin } from './support.js';

const SRC = 's3://warehouse/puffin files/naïve';
const DST = 's3a://another-and-longer-bucket/w.db/t #1';
const START = 140;
const move = (path: string) => {
  if (!path.startsWith(`${SRC}/`)) throw new Error(`not mapped: ${path}`);
  return DST + path.slice(SRC.length);
};
const back = (path: string) => SRC + path.slice(DST.length);
const footerOf = (bytes: Buffer, start = START) => readFooter('d.puffin', start, bytes.subarray(start));

/** All of a file with its footer rewritten. */
function rewritten(bytes: Buffer, map: (path: string) => string, start = START): Buffer {
  const { bytes: end, size } = rewriteFooter(footerOf(bytes, start), map);
  const file = Buffer.concat([bytes.subarray(0, start), end]);
  expect(file).toHaveLength(size);
  return file;
}

describe('a file that Spark wrote', () => {
  const bytes = fixture('vectors.puffin');
  const json = (file: Buffer) => file.subarray(START + 4, -12).toString();

  test('only the paths in its footer change', () => {
    const file = rewritten(bytes, move);
    expect(file.subarray(0, START + 4).equals(bytes.subarray(0, START + 4))).toBe(true);
    expect(json(file)).toBe(json(bytes).replaceAll(SRC, () => DST));
    expect(file.subarray(-8).toString('latin1')).toBe('\0\0\0\0PFA1');
    expect(file.readInt32LE(file.length - 12)).toBe(Buffer.byteLength(json(file)));
  });

  test('to shorter paths too, and back to the same bytes', () => {
    const short = rewritten(bytes, (path) => path.slice(SRC.length + 1));
    expect(short.length).toBeLessThan(bytes.length);
    expect(rewritten(short, (path) => `${SRC}/${path}`).equals(bytes)).toBe(true);
    expect(rewritten(rewritten(bytes, move), back).equals(bytes)).toBe(true);
  });

  test('each path is asked for once, in order', () => {
    const asked: string[] = [];
    rewritten(bytes, (path) => {
      asked.push(path);
      return path;
    });
    expect(asked).toEqual(footerOf(bytes).blobs.map((blob) => blob.referencedDataFile));
  });

  test('nothing to change: the same bytes, packed or not', () => {
    for (const name of ['vectors.puffin', 'packed.puffin']) {
      const footer = footerOf(fixture(name));
      expect(rewriteFooter(footer, (path) => path)).toEqual({ bytes: footer.bytes, size: footer.size, changed: false });
      expect(rewriteFooter(footer, (path) => path).bytes).toBe(footer.bytes);
    }
  });

  test('a packed footer is written back plain', () => {
    const file = rewritten(fixture('packed.puffin'), move);
    expect(file.equals(rewritten(bytes, move))).toBe(true);
    expect(footerOf(file).blobs).toHaveLength(3);
  });

  test('statistics hold no path', () => {
    const theta = fixture('theta.puffin');
    const never = () => {
      throw new Error('asked');
    };
    expect(rewritten(theta, never, 209).equals(theta)).toBe(true);
  });

  test('what the map throws is passed on', () => {
    expect(() => rewriteFooter(footerOf(bytes), () => JSON.parse('{'))).toThrow(SyntaxError);
  });
});

describe('made by hand', () => {
  const odd = (first: string, second: string) =>
    `\n{ "later" : {"referenced-data-file":"${SRC}/x", "n":1.0, "big":12345678901234567890123},\t"blobs":[\r\n` +
    ` {"properties":{"zz":"\\u00e9","referenced-data-file" : ${first},"cardinality":"1"},"length":0004,"type":"deletion\\u002dvector-v1","offset":4},` +
    ` {"type":"mine","offset":4,"length":136,"properties":{"referenced-data-file":"${SRC}/x","path":"${SRC}"}},` +
    ` {"type":"deletion-vector-v1","offset":100,"length":0,"properties":{"referenced-data-file":${second}}} ],"properties":{"created-by":"${SRC}"}}`;
  const file = (json: string, flags = 0) =>
    puffin({ body: Buffer.alloc(START - 4, 7), payload: flags ? frame(Buffer.from(json)) : json, flags });

  test.each([0, 1])('gaps, other blobs, unknown keys, escapes and white space stay (flags %i)', (flags) => {
    const json = odd(`"${SRC}/data/\\u0061\\/b"`, `"s3:\\/\\/warehouse\\/puffin files\\/na\\u00efve/c"`).replace('0004', '4');
    const expected = odd(`"${DST}/data/\\u0061\\/b"`, `"${DST}/c"`).replace('0004', '4');
    expect(rewritten(file(json, flags), move).equals(file(expected))).toBe(true);
  });

  test('two blobs of one data file, and the same place twice', () => {
    const two = (root: string) =>
      `{"blobs":[${[1, 2].map(() => `{"type":"deletion-vector-v1","offset":4,"length":9,"properties":{"referenced-data-file":"${root}/a"}}`)}]}`;
    expect(rewritten(file(two(SRC)), move).equals(file(two(DST)))).toBe(true);
  });

  test('half of a surrogate pair: kept where nothing changes, else unsupported', () => {
    const bytes = file(
      `{"blobs":[{"type":"deletion-vector-v1","offset":4,"length":9,"properties":{"referenced-data-file":"${SRC}/\\ud800"}}]}`,
    );
    expect(rewritten(bytes, (path) => path).equals(bytes)).toBe(true);
    expect(() => rewritten(bytes, move)).toThrow(expect.objectContaining({ code: 'unsupported', object: 'd.puffin' }));
  });

  test('any texts and paths: as JSON.parse and JSON.stringify would have it', () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 12 });
    const blobs = fc.array(fc.record({ path: word, other: fc.dictionary(word, word, { maxKeys: 2 }), isVector: fc.boolean() }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(
        blobs,
        fc.dictionary(word, fc.jsonValue(), { maxKeys: 3 }),
        fc.nat(3),
        fc.boolean(),
        word,
        (list, more, indent, isPacked, root) => {
          const document = (to: (path: string) => string) => ({
            ...more,
            blobs: list.map(({ path, other, isVector }) => ({
              offset: 4,
              properties: { ...other, 'referenced-data-file': isVector ? to(path) : path },
              length: 136,
              type: isVector ? 'deletion-vector-v1' : 'other',
            })),
          });
          const bytes = (to: (path: string) => string, flags: number) => file(JSON.stringify(document(to), null, indent), flags);
          const to = (path: string) => root + path;
          const isSame = root === '' || !list.some(({ isVector }) => isVector);
          const before = bytes((path) => path, isPacked ? 1 : 0);
          expect(rewritten(before, to).equals(isSame ? before : bytes(to, 0))).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
