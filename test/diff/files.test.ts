import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { diffFiles } from '../../src/diff/files.js';
import type { DiffSide, SideManifest } from '../../src/diff/side.js';
import type { ManifestEntry } from '../../src/iceberg/manifest.js';
import type { TableMetadata } from '../../src/iceberg/metadata.js';
import { abstractPath } from '../../src/iceberg/paths.js';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'bcn-diff-'));
});
afterAll(() => rm(scratch, { recursive: true }));

interface File {
  readonly path: string;
  readonly content?: 0 | 1 | 2;
  readonly format?: string;
  readonly size?: number;
  readonly rows?: bigint;
  readonly status?: 0 | 1 | 2;
  readonly at?: bigint;
}

const LOCATION = 's3://b/t';
const reads: string[] = [];

function manifest(path: string, files: readonly File[], more: Partial<SideManifest> = {}, location = LOCATION): SideManifest {
  const live = files.filter(({ status }) => status !== 2);
  return {
    path,
    length: 100,
    deletes: files.some(({ content = 0 }) => content !== 0),
    files: live.length,
    rows: live.reduce((sum, { rows = 1n }) => sum + rows, 0n),
    entries: async () => {
      reads.push(path);
      return files.map(
        (file) =>
          ({
            status: file.status ?? 1,
            content: file.content ?? 0,
            path: abstractPath(file.path, location),
            format: file.format ?? 'PARQUET',
            recordCount: file.rows ?? 1n,
            size: file.size ?? 10,
            contentOffset: file.at,
            contentSize: file.at === undefined ? undefined : 4n,
            referencedDataFile: file.at === undefined ? undefined : 'data',
          }) as ManifestEntry,
      );
    },
    ...more,
  };
}

const side = (manifests: readonly SideManifest[], location = LOCATION): DiffSide => ({
  name: 'm',
  bytes: Buffer.alloc(0),
  metadata: { location } as TableMetadata,
  manifests,
});

async function compare(before: DiffSide, after: DiffSide) {
  reads.length = 0;
  return diffFiles(before, after, { scratch, onProgress: () => {} });
}

const a = { path: 's3://b/t/data/a' };
const b = { path: 's3://b/t/data/b', rows: 5n, size: 50 };
const c = { path: 's3://elsewhere/c', rows: 7n, size: 70 };

test('shared manifests are not read; others once', async () => {
  const shared = manifest('s3://b/t/m/1', [a]);
  const { added, removed, before, after } = await compare(
    side([shared, manifest('m2', [b])]),
    side([shared, manifest('m3', [c])]),
  );
  expect(reads.sort()).toEqual(['m2', 'm3']);
  expect(added.data).toEqual({ files: 1, rows: 7n, bytes: 70 });
  expect(removed.data).toEqual({ files: 1, rows: 5n, bytes: 50 });
  expect([before, after]).toEqual([
    { dataFiles: 2, rows: 6n, deleteFiles: 0 },
    { dataFiles: 2, rows: 8n, deleteFiles: 0 },
  ]);
});

test('a file that went to another manifest is the same; one that is deleted there is gone', async () => {
  const carried = await compare(
    side([manifest('m1', [a, b])]),
    side([
      manifest('m2', [
        { ...a, status: 0 },
        { ...b, status: 2 },
      ]),
    ]),
  );
  expect(carried.removed.data).toEqual({ files: 1, rows: 5n, bytes: 50 });
  expect(carried.added.data.files).toBe(0);
});

test('a manifest of the same path and another length is another one', async () => {
  await compare(side([manifest('m1', [a])]), side([manifest('m1', [a], { length: 101 })]));
  expect(reads).toEqual(['m1', 'm1']);
});

test('without a recorded length the path says enough; without counts it is read, once for each side that lacks them', async () => {
  const bare = { length: undefined, files: undefined, rows: undefined };
  const { added, after } = await compare(side([manifest('m1', [a])]), side([manifest('m1', [a], bare)]));
  expect(reads).toEqual(['m1']);
  expect(added.data.files).toBe(0);
  expect(after).toEqual({ dataFiles: 1, rows: 1n, deleteFiles: 0 });
});

test('another length or kind under one path is another file', async () => {
  const { added, removed } = await compare(
    side([manifest('m1', [a, { ...b, content: 1 }])]),
    side([
      manifest('m2', [
        { ...a, size: 11 },
        { ...b, content: 2 },
      ]),
    ]),
  );
  expect(removed).toMatchObject({ data: { bytes: 10 }, 'position-deletes': { files: 1, rows: 5n } });
  expect(added).toMatchObject({ data: { bytes: 11 }, 'equality-deletes': { files: 1, rows: 5n } });
});

test('vectors of one file are told apart, and count with their own bytes', async () => {
  const vector = (at: bigint): File => ({
    path: 's3://b/t/data/v.puffin',
    content: 1,
    format: 'puffin',
    at,
    rows: 3n,
    size: 999,
  });
  const { added, removed, before, after } = await compare(
    side([manifest('m1', [vector(4n), vector(8n)])]),
    side([manifest('m2', [vector(8n), vector(12n), vector(16n)])]),
  );
  expect(removed.vectors).toEqual({ files: 1, rows: 3n, bytes: 4 });
  expect(added.vectors).toEqual({ files: 2, rows: 6n, bytes: 8 });
  expect([before.deleteFiles, after.deleteFiles]).toEqual([2, 3]);
});

test('rows are exact beyond 2^53', async () => {
  const many = { ...a, rows: 9_007_199_254_740_993n };
  const { added, after } = await compare(side([]), side([manifest('m', [many, { ...b, rows: 1n }])]));
  expect([added.data.rows, after.rows]).toEqual([9_007_199_254_740_994n, 9_007_199_254_740_994n]);
});

test('a restored table: the same files below another location', async () => {
  const there = 's3://other/r';
  const copy = manifest('s3://other/r/m/1', [{ ...a, path: `${there}/data/a` }], {}, there);
  expect((await compare(side([manifest('s3://b/t/m/1', [a])]), side([copy], there))).added.data.files).toBe(0);
});

test('a table that got another location and kept its files', async () => {
  const there = 's3://b/t2';
  const shared = manifest('s3://b/t/m/1', [a]);
  const rewritten = manifest('s3://b/t2/m/2', [b], {}, there);
  const { added, removed } = await compare(side([shared, manifest('s3://b/t/m/2', [b])]), side([shared, rewritten], there));
  expect([added.data.files, removed.data.files]).toEqual([0, 0]);
});

test('any two tables: what was, less what is removed, more what is added, is what is', async () => {
  const file = fc.record({
    path: fc.constantFrom('s3://b/t/x', 's3://b/t/y', 's3://b/t/z', 's3://c/w'),
    size: fc.integer({ min: 1, max: 2 }),
  });
  const files = fc.uniqueArray(file, { selector: ({ path }) => path });
  await fc.assert(
    fc.asyncProperty(files, files, async (old, fresh) => {
      const { added, removed, before, after } = await compare(side([manifest('m1', old)]), side([manifest('m2', fresh)]));
      expect(before.dataFiles - removed.data.files + added.data.files).toBe(after.dataFiles);
      const same = old.filter((one) => fresh.some(({ path, size }) => path === one.path && size === one.size)).length;
      expect(removed.data.files).toBe(old.length - same);
    }),
  );
});
