import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { abstractPath, concretePath, isUnder } from '../../src/iceberg/paths.js';

/** Strings made of what breaks path code: markers, schemes, slashes, regex and replacement syntax, odd Unicode. */
const piece = fc.constantFrom(
  'bcn-root:',
  'bcn-rel:',
  'bcn-abs:',
  'bcn-',
  's3:',
  's3://b/t',
  's3a://b/t',
  'file:',
  'a+b.c-d:',
  '/',
  '//',
  't',
  't2',
  ':',
  '.',
  '..',
  '$&',
  '$1',
  '[',
  '%20',
  '?',
  '#',
  ' ',
  '\n',
  '\0',
  'é',
  'e\u0301',
  '😎',
  '\ud83d',
  '\ude0e',
  '\ufeff',
);
const nasty = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
/** A location, and a path that is often at, under or beside it. */
const placed = fc
  .tuple(nasty, fc.constantFrom('', '/', '//', '2', '2/x'), nasty, fc.boolean())
  .map(([location, joint, rest, under]) => ({ location, path: under ? location + joint + rest : rest }));

const RUNS = { numRuns: 5000 };

describe('abstractPath and concretePath', () => {
  test('round trip at the same location for any strings', () => {
    fc.assert(
      fc.property(placed, ({ location, path }) => {
        expect(concretePath(abstractPath(path, location), location)).toBe(path);
      }),
      RUNS,
    );
  });

  test('a path at or under the location moves with it, keeping its rest; any other path stays as it is', () => {
    fc.assert(
      fc.property(placed, nasty, ({ location, path }, target) => {
        const from = location.replace(/\/+$/, '');
        const to = target.replace(/\/+$/, '');
        const moves = path === from || isUnder(path, location);
        expect(concretePath(abstractPath(path, location), target)).toBe(moves ? to + path.slice(from.length) : path);
      }),
      RUNS,
    );
  });

  test('the result lies under the new root iff the source lay under the old one (or was there already)', () => {
    fc.assert(
      fc.property(placed, nasty, ({ location, path }, target) => {
        fc.pre(!isUnder(path, target));
        expect(isUnder(concretePath(abstractPath(path, location), target), target)).toBe(isUnder(path, location));
      }),
      RUNS,
    );
  });

  test('abstract forms are distinct for distinct paths', () => {
    fc.assert(
      fc.property(placed, nasty, ({ location, path }, other) => {
        expect(abstractPath(path, location) === abstractPath(other, location)).toBe(path === other);
      }),
      RUNS,
    );
  });

  test.each([
    ['s3://b/t', 's3://b/t', 'bcn-root:'],
    ['s3://b/t', 's3://b/t/', 'bcn-root:'],
    ['s3://b/t/', 's3://b/t/', 'bcn-rel:'],
    ['s3://b/t//', 's3://b/t', '/'],
    ['s3://b/t/data/x.parquet', 's3://b/t', 'data/x.parquet'],
    ['s3://b/t/data/x.parquet', 's3://b/t///', 'data/x.parquet'],
    ['s3://b/t//x', 's3://b/t', '/x'],
    ['s3://b/t///x', 's3://b/t/', '//x'],
    ['s3://b/t/a:b/x', 's3://b/t', 'bcn-rel:a:b/x'],
    ['s3://b/t/bcn-abs:x', 's3://b/t', 'bcn-rel:bcn-abs:x'],
    ['s3://b/t/1:x', 's3://b/t', '1:x'],
    ['s3://b/t/k=a:b', 's3://b/t', 'k=a:b'],
    ['s3://b/t2/x', 's3://b/t', 's3://b/t2/x'],
    ['s3a://b/t/x', 's3://b/t', 's3a://b/t/x'],
    ['S3://b/t/x', 's3://b/t', 'S3://b/t/x'],
    ['/wh/t/x', 's3://b/t', 'bcn-abs:/wh/t/x'],
    ['/wh/t/x', '/wh/t', 'x'],
    ['x', 's3://b/t', 'bcn-abs:x'],
    ['', 's3://b/t', 'bcn-abs:'],
    ['bcn-root:', 's3://b/t', 'bcn-abs:bcn-root:'],
    ['bcn-rel:x', 's3://b/t', 'bcn-abs:bcn-rel:x'],
    ['bcn-other:x', 's3://b/t', 'bcn-other:x'],
    ['/x', '/', 'x'],
    ['', '/', 'bcn-root:'],
  ])('%s in %s is %s', (path, location, abstract) => {
    expect(abstractPath(path, location)).toBe(abstract);
    expect(concretePath(abstract, location)).toBe(path);
  });

  test('a replacement is literal: no regex, no $& in the new root', () => {
    expect(concretePath(abstractPath('s3://b.c[/t$/x', 's3://b.c[/t$'), 's3://$&/$1')).toBe('s3://$&/$1/x');
    expect(abstractPath('s3://bxc/t/x', 's3://b.c/t')).toBe('s3://bxc/t/x');
  });

  test('bcn-root: followed by something is corrupt', () => {
    expect(() => concretePath('bcn-root:x', 's3://b/t')).toThrow(BcnError);
  });
});

describe('isUnder', () => {
  test.each([
    ['s3://b/t/x', 's3://b/t', true],
    ['s3://b/t/x', 's3://b/t/', true],
    ['s3://b/t/', 's3://b/t', true],
    ['s3://b/t', 's3://b/t', false],
    ['s3://b/t', 's3://b/t/', false],
    ['s3://b/t2/x', 's3://b/t', false],
    ['s3://b/T/x', 's3://b/t', false],
    ['e\u0301/x', '\u00e9', false],
    ['/x', '/', true],
  ])('%s under %s: %s', (path, root, expected) => {
    expect(isUnder(path, root)).toBe(expected);
  });
});
