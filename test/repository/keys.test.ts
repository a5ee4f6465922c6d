import { describe, expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import {
  assertBackupName,
  assertSelector,
  commitKey,
  dataKey,
  hintKey,
  nameHash,
  nameOfSelector,
  newRunId,
  runSelector,
  selectorOfCommitKey,
  selectorOfHintKey,
  selectorStem,
  sha256,
  tableKey,
} from '../../src/repository/keys.js';

describe('selectors', () => {
  const run = newRunId('x'.repeat(128), Date.UTC(2026, 0));
  const selector = runSelector('x'.repeat(128), run, 'ab'.repeat(32));

  test('name a backup and its run, and fit a file name and a key', () => {
    expect(selector).toBe(`${'x'.repeat(128)}@${run.slice(17)}-abababab`);
    expect(nameOfSelector(selector)).toBe('x'.repeat(128));
    expect(selectorOfCommitKey(commitKey(selector))).toBe(selector);
    expect(selectorOfHintKey(hintKey('t', 5, selector))).toBe(selector);
    expect(Buffer.byteLength(`${selector}.json`)).toBeLessThan(240);
    expect(() => assertSelector(selector)).not.toThrow();
  });

  test('a selector may be asked for, but no new backup may be named so', () => {
    expect(() => assertBackupName('a@b')).toThrow(BcnError);
    expect(() => assertSelector('a@b')).not.toThrow();
    expect(() => assertSelector('a')).not.toThrow();
    for (const text of ['', 'a@', '@b', 'a@b@c', 'a@b.c', 'a@b/c', '.a@b', 'a\n@b', 'a@b\n']) {
      expect(() => assertSelector(text), JSON.stringify(text)).toThrow(BcnError);
    }
  });

  test('all selectors of a name begin with its stem, and no other name does', () => {
    expect(selectorStem('a')).toBe('a@');
    expect(selectorStem('a@2026')).toBe('a@2026');
    for (const name of ['a', 'A-Z_0.9', 'a..b']) expect(runSelector(name, run, 'ab').startsWith(selectorStem(name))).toBe(true);
    expect(runSelector('a-2', run, 'ab').startsWith(selectorStem('a'))).toBe(false);
  });
});

describe('backup names', () => {
  test.each(['a', 'A-Z_0.9', '-x', '_', 'nightly-2026-01-10', 'x'.repeat(128), 'a..b'])('%s may be one', (name) => {
    expect(() => assertBackupName(name)).not.toThrow();
    expect(selectorOfCommitKey(commitKey(name))).toBe(name);
    expect(selectorOfHintKey(hintKey('t', 5, name))).toBe(name);
  });

  test.each(['', '.', '..', '.a', 'a/b', 'a\\b', 'a b', 'a\n', 'a%', 'é', '😎', 'x'.repeat(129), 'a:b', '\0'])(
    '%j may not',
    (name) => {
      expect(() => assertBackupName(name)).toThrow(BcnError);
    },
  );
});

test('a run id tells when it began and what it is for, and no two are equal', () => {
  const start = Date.UTC(2026, 1, 3, 4, 5, 6, 789);
  const id = newRunId('nightly', start);
  expect(id).toMatch(/^[0-9a-f]{16}-20260203T040506Z-[0-9a-f]{32}$/);
  expect(id.startsWith(`${sha256('nightly').slice(0, 16)}-`)).toBe(true);
  expect(nameHash('nightly')).toBe(sha256('nightly').slice(0, 16));
  expect(newRunId('nightly', start)).not.toBe(id);
});

test('hints of later backups come first in a listing', () => {
  const times = [0, 1, Date.UTC(1999, 0), Date.UTC(2026, 0), Date.UTC(2026, 0) + 1, Date.UTC(2200, 0)];
  const keys = times.map((time) => hintKey('t', time, 'n'));
  expect([...keys].sort()).toEqual([...keys].reverse());
});

test('hints are those of a name in a catalog', () => {
  expect(new Set([tableKey('c1', 't'), tableKey('c2', 't'), tableKey('c1', 'u'), tableKey('c1', 't')]).size).toBe(3);
});

describe('content keys', () => {
  const run = newRunId('n', 0);
  const data = `runs/${run}/data/`;

  test.each([
    ['s3://bucket/a/b.parquet', 'bucket/a/b.parquet'],
    ['s3a://bucket/a%20b/ü?#+', 'bucket/a%20b/ü?#+'],
    ['file:///x/y', '_local/x/y'],
    ['/x/y', '_local/x/y'],
    [`s3://b/${'x'.repeat(255)}`, `b/${'x'.repeat(255)}`],
  ])('%s is kept', (uri, key) => {
    expect(dataKey(run, uri, 0)).toBe(data + key);
  });

  test.each([
    's3://b/a//c',
    's3://b/',
    's3://b/a/',
    's3://b/../c',
    's3://b/a/./c',
    's3://b/a\0c',
    's3://b/a\u0001c',
    's3://b/a\rc',
    's3://b/a\u0085c',
    's3://b/a\uffffc',
    `s3://b/${'x'.repeat(256)}`,
    `s3://b/${'ü'.repeat(128)}`,
  ])('%s is hashed', (uri) => {
    expect(dataKey(run, uri, 0)).toBe(`${data}h/${sha256(uri)}`);
  });

  test('what is too long with the prefix of the repository is hashed', () => {
    const room = 1024 - data.length - 'b/'.length;
    const uri = `s3://b/${Array.from({ length: 10 }, () => 'x'.repeat(99)).join('/')}`.slice(0, 's3://b/'.length + room);
    expect(dataKey(run, uri, 0)).toHaveLength(1024);
    expect(dataKey(run, uri, 1)).toBe(`${data}h/${sha256(uri)}`);
  });
});
