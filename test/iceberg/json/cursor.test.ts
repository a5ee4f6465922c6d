import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BcnError } from '../../../src/errors.js';
import { JsonCursor } from '../../../src/iceberg/json/cursor.js';

function check(bytes: Buffer | string): Buffer {
  const buffer = Buffer.from(bytes as string);
  const cursor = JsonCursor.open(buffer, 's3://b/x.json');
  const span = cursor.skip();
  cursor.finish();
  return buffer.subarray(span.start, span.end);
}

/** Visits every token through `object` and `array` instead of `skip`. */
function descend(cursor: JsonCursor): void {
  const kind = cursor.kind();
  if (kind === 'object') cursor.object(() => descend(cursor));
  else if (kind === 'array') cursor.array(() => descend(cursor));
  else cursor.skip();
}

function outcome(run: () => void): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    if (!(error instanceof BcnError)) throw error;
    return error.message;
  }
}

describe('what is JSON', () => {
  test.each([
    '0',
    '-0',
    '1.0',
    '1e400',
    '-12.5E+3',
    'true',
    'false',
    'null',
    '""',
    '"\\u00e9\\/\\ud83d\\ude0e\\ud800"',
    '[]',
    '{}',
    ' [ 1 , [ ] , { } , {"a" : [ ] } ] ',
    '{"a":1,"a":{"__proto__":[]}}',
    '\ufeff{}',
    '"\u007f\u2028é😎"',
  ])('accepts %s', (text) => {
    expect(check(text).toString()).toBe(text.replace('\ufeff', '').trim());
    descend(JsonCursor.open(Buffer.from(text), 'x'));
  });

  test.each([
    '',
    ' ',
    '\ufeff',
    '{',
    '[',
    '[1',
    '[1,',
    '[1,]',
    '[,]',
    '[1 2]',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{,}',
    '{a:1}',
    "{'a':1}",
    '{"a":1]',
    '[}',
    '01',
    '-',
    '+1',
    '1.',
    '.5',
    '1e',
    '1e+',
    'NaN',
    '-Infinity',
    'tru',
    'nulL',
    'truex',
    '"',
    '"\\',
    '"\\u12',
    '"\\u12g4"',
    '"\\x"',
    '"\\\0"',
    '"\n"',
    '"\t"',
    '{} {}',
    '{}x',
    '[1]//',
    '{"a":1}\0',
    '\0',
  ])('refuses %j with the object and the byte', (text) => {
    const message = outcome(() => check(text));
    expect(message).toMatch(/^s3:\/\/b\/x\.json is not valid JSON at byte \d+ of \d+: /);
    expect(Number(/byte (\d+)/.exec(message)?.[1])).toBeLessThanOrEqual(Buffer.byteLength(text));
  });

  test.each([
    [[0x22, 0xff, 0x22], 1],
    [[0x22, 0x61, 0xc3, 0x22], 2],
    [[0x22, 0xed, 0xa0, 0x80, 0x22], 1],
    [[0x22, 0xc3, 0xa9, 0xf0, 0x9f, 0x98], 3],
    [[0x22, 0xc0, 0x80, 0x22], 1],
  ])('refuses invalid UTF-8 %j at byte %i', (bytes, at) => {
    expect(outcome(() => check(Buffer.from(bytes)))).toContain(`at byte ${at} of ${bytes.length}: invalid UTF-8`);
  });

  test.each([
    ['[', ']'],
    ['{"a":', '}'],
  ])('refuses %s nested deeper than 512, by skipping as by visiting', (open, close) => {
    const nested = (depth: number) => open.repeat(depth) + (open === '[' ? '' : '1') + close.repeat(depth);
    expect(outcome(() => check(nested(512)))).toBe('ok');
    expect(outcome(() => descend(JsonCursor.open(Buffer.from(nested(512)), 'x')))).toBe('ok');
    expect(outcome(() => check(nested(513)))).toContain('nested deeper than 512');
    expect(outcome(() => check(nested(1_000_000)))).toContain('nested deeper than 512');
    expect(outcome(() => descend(JsonCursor.open(Buffer.from(nested(513)), 'x')))).toContain('nested deeper than 512');
    const mixed = JsonCursor.open(Buffer.from(`[${nested(512)}]`), 'x');
    expect(outcome(() => mixed.array(() => mixed.skip()))).toContain('nested deeper than 512');
  });
});

describe('against JSON.parse', () => {
  const tokens = fc.array(
    fc.constantFrom(
      ...'{}[]:,"\\ \n\t0-1.eEu+'.split(''),
      '"a"',
      'true',
      'null',
      '"\\u00e9"',
      '\\ud800',
      'é',
      '😎',
      '"b":',
      '1.5',
      '\0',
      '\ufeff',
    ),
    { maxLength: 12 },
  );
  const valid = fc
    .tuple(fc.json(), fc.integer({ min: 0, max: 4 }))
    .map(([text, indent]) => JSON.stringify(JSON.parse(text), null, indent));
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.nat(3), tokens)
    .map(
      ([text, at, cut, insert]) =>
        text.slice(0, at % (text.length + 1)) + insert.slice(0, 2).join('') + text.slice((at % (text.length + 1)) + cut),
    );

  test('accepts exactly what JSON.parse accepts', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        fc.oneof(
          valid,
          broken,
          tokens.map((parts) => parts.join('')),
        ),
        (source) => {
          const text = Buffer.from(source).toString();
          const bare = text.startsWith('\ufeff') ? text.slice(1) : text;
          let expected = true;
          try {
            JSON.parse(bare);
          } catch {
            expected = false;
          }
          const skipped = outcome(() => check(text));
          expect(skipped === 'ok').toBe(expected);
          const cursor = JsonCursor.open(Buffer.from(text), 's3://b/x.json');
          const visited = outcome(() => {
            descend(cursor);
            cursor.finish();
          });
          expect(visited).toBe(skipped);
        },
      ),
      { numRuns: 10_000 },
    );
  });

  test('any bytes end in a BcnError or in a value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        outcome(() => check(Buffer.from(bytes)));
      }),
      { numRuns: 5000 },
    );
  });
});
