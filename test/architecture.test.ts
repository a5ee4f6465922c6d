import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '../src');

const USE_CASE_STORAGE = [
  'port',
  'create-once',
  'find-object',
  'hidden',
  'leftovers',
  'list-places',
  'location',
  'overlap',
  'read-range',
  'transfer',
  'versions',
].map((file) => `storage/${file}`);
const USE_CASE = [
  'errors',
  'parallel',
  'report',
  'repository/',
  'iceberg/',
  'roots/',
  'spill/',
  'catalog/port',
  ...USE_CASE_STORAGE,
];

/** What each part of src/ may import of ours, as prefixes of paths below src/ (specs/03-architecture.md). Its own folder is always allowed. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  iceberg: ['errors'],
  storage: ['errors'],
  catalog: [
    'errors',
    'nearest',
    'iceberg/metadata',
    'iceberg/json/',
    'storage/port',
    'storage/create-once',
    'storage/location',
    'storage/overlap',
  ],
  spill: ['errors', 'storage/location'],
  roots: ['errors', 'iceberg/', 'storage/port', 'storage/location', 'storage/overlap'],
  repository: [
    'errors',
    'nearest',
    'parallel',
    'catalog/port',
    'iceberg/delete-file',
    'version',
    'storage/port',
    'storage/create-once',
    'storage/hidden',
    'storage/location',
    'storage/read-range',
  ],
  backup: [...USE_CASE, 'plan', 'version'],
  restore: [...USE_CASE, 'plan', 'version'],
  verify: USE_CASE,
  // A repair is a run, under the rules of a backup's.
  repair: [...USE_CASE, 'verify/', ...['run', 'copy', 'meta', 'pinned', 'plan'].map((file) => `backup/${file}`)],
  look: USE_CASE,
  diff: [...USE_CASE, 'look/'],
  // A copy is a run of the destination, under the rules of a backup's.
  copy: [...USE_CASE, 'plan', 'version', 'backup/apart', 'backup/commit', 'backup/ending', 'backup/run'],
  delete: USE_CASE,
  forget: USE_CASE,
  prune: USE_CASE,
  runs: USE_CASE,
  policy: ['repository/keys'],
  config: ['errors', 'nearest', 'storage/location', 'catalog/'],
};

/** Vendors' libraries and the only folder that may name each. */
const VENDORS: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/': ['storage/s3/'],
  thrift: ['catalog/hive/'],
  commander: ['cli/'],
  ora: ['cli/'],
  hyparquet: ['demo/', 'iceberg/deletes/'],
};

interface Import {
  readonly file: string;
  readonly target: string;
}

const IMPORTS: readonly Import[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => {
    const text = readFileSync(join(SRC, file), 'utf8');
    const targets = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target]) => target ?? '');
    return targets.map((target) => ({
      file,
      target: target.startsWith('.') ? relative(SRC, join(SRC, dirname(file), target)) : target,
    }));
  });

describe('arrows point one way', () => {
  test.each(Object.entries(ALLOWED))('%s imports only what it may', (part, allowed) => {
    const inside = IMPORTS.filter(({ file }) => file.startsWith(`${part}/`));
    expect(inside.length).toBeGreaterThan(0);
    const ours = inside.filter(({ target }) => target.endsWith('.js'));
    const wrong = ours.filter(({ target }) => ![`${part}/`, ...allowed].some((prefix) => target.startsWith(prefix)));
    expect(wrong).toEqual([]);
  });

  test('adapters are known to the CLI, the demo and themselves only', () => {
    const adapter = /^(storage\/(s3|file|memory|decorators)|catalog\/(hive|path))\//;
    const wrong = IMPORTS.filter(
      ({ file, target }) => adapter.test(target) && !/^(cli|demo)\//.test(file) && !sameAdapter(file, target),
    );
    expect(wrong).toEqual([]);
  });

  test.each(Object.entries(VENDORS))('%s is named in one place', (vendor, folders) => {
    const wrong = IMPORTS.filter(
      ({ file, target }) => target.startsWith(vendor) && !folders.some((folder) => file.startsWith(folder)),
    );
    expect(wrong).toEqual([]);
  });
});

describe('files stay small', () => {
  test('none has more than 300 lines', () => {
    const long = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => ({ file, lines: readFileSync(join(SRC, file), 'utf8').split('\n').length }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });
});

function sameAdapter(file: string, target: string): boolean {
  return file.split('/').slice(0, 2).join('/') === target.split('/').slice(0, 2).join('/');
}
