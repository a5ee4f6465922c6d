/** Position-delete files name data files by their paths, in their rows, their statistics and their manifests. */
import { describe, expect, test } from 'vitest';
import { comeBack } from './come-back.js';
import { equalityDeletes, parquetDeletes, positionDeletes } from './deletes.js';
import { at, data, LOCATION, type Piece, pathBounds } from './lay.js';
import { rowsOf } from './read.js';

const [a, b, c] = ['a', 'b', 'c'].map((name) => data(at(`${name}.parquet`), [`${name}0`, `${name}1`, `${name}2`])) as [
  Piece,
  Piece,
  Piece,
];
const files = { pieces: [a, b, c] };

test('12586, 16662, 17498: a delete file that was deleted and is gone is not opened; its entry moves', async () => {
  const gone = at('gone-deletes.parquet');
  const live = positionDeletes(at('live-deletes.parquet'), [[a.path, 0]]);
  const entry: Piece = { path: gone, status: 2, entry: { snapshot_id: 2n }, data: { content: 1, ...pathBounds(b.path) } };
  const { after } = await comeBack({ snapshots: [{ id: 2n, manifests: [files, { pieces: [live, entry] }] }] });
  expect(await rowsOf(after)).toEqual(['a1', 'a2', 'b0', 'b1', 'b2', 'c0', 'c1', 'c2']);
  const moved = after.snapshots[0]?.manifests[1]?.entries[1];
  expect([moved?.status, moved?.data_file.file_path]).toEqual([2, gone.replace(LOCATION, 'memory://wh/db/r')]);
  expect(after.objects.has(moved?.data_file.file_path as string)).toBe(false);
});

test('12772: every delete file of a manifest is rewritten, not only one', async () => {
  const pieces = [a, b, c].map(({ path }, n) => positionDeletes(`${path}-deletes.parquet`, [[path, n]]));
  const { after } = await comeBack({ snapshots: [{ id: 1n, manifests: [files, { pieces }] }] });
  expect(await rowsOf(after)).toEqual(['a1', 'a2', 'b0', 'b2', 'c0', 'c1']);
});

describe('14814, 16418: a delete file that is named twice', () => {
  const shared = at('shared-deletes.parquet');
  const bytes = parquetDeletes([
    [a.path, 0],
    [b.path, 1],
  ]);
  const entry = (more: Partial<Piece> = {}): Piece => ({ path: shared, bytes, ...more, data: { content: 1, record_count: 2 } });

  test('by two manifests and three snapshots: written once, with one length', async () => {
    const [first, second] = [
      { pieces: [entry()] },
      { pieces: [entry({ status: 0, entry: { snapshot_id: 1n, sequence_number: 2n } })] },
    ];
    const { after, world } = await comeBack({
      snapshots: [
        { id: 1n, manifests: [files, first] },
        { id: 2n, manifests: [files, second] },
        { id: 3n, manifests: [files, second] },
      ],
    });
    for (const snapshot of after.snapshots)
      expect(await rowsOf(after, snapshot)).toEqual(['a1', 'a2', 'b0', 'b2', 'c0', 'c1', 'c2']);
    const names = (await world.keys('wh')).filter((key) => key.includes('shared-deletes'));
    expect(names).toEqual(['db/r/data/shared-deletes.parquet']);
  });

  test('a second restore of one backup, elsewhere, is the same; in the same place it is refused, and nothing is written over', async () => {
    const { after, world } = await comeBack({ snapshots: [{ id: 1n, manifests: [files, { pieces: [entry()] }] }] });
    const target = { namespace: ['db'], name: 'r2' };
    await expect(world.restore({ target })).rejects.toMatchObject({ code: 'usage' });
    expect(await world.dump('wh')).toEqual(new Map([...after.objects].map(([name, bytes]) => [name, bytes.toString('base64')])));
    await world.restore({ target, targetLocation: 'memory://wh/db/r2' });
    const [one, two] = ['db/r/', 'db/r2/'].map((folder) => world.get(`memory://wh/${folder}data/shared-deletes.parquet`));
    expect((await one)?.equals(after.objects.get('memory://wh/db/r/data/shared-deletes.parquet') as Buffer)).toBe(true);
    expect((await two)?.includes('memory://wh/db/r2/data/a.parquet')).toBe(true);
  });
});

test('presto#28415, duckdb-iceberg#685: rows of delete files name the new files, and their statistics too', async () => {
  const deletes = positionDeletes(at('deletes.parquet'), [
    [a.path, 1],
    [b.path, 2],
    [c.path, 0],
  ]);
  const { after } = await comeBack({ snapshots: [{ id: 1n, manifests: [files, { pieces: [deletes] }] }] });
  expect(await rowsOf(after)).toEqual(['a0', 'a2', 'b0', 'b1', 'c1', 'c2']);
  expect(after.objects.get('memory://wh/db/r/data/deletes.parquet')?.includes('memory://src')).toBe(false);
});

describe('bounds of paths', () => {
  const deletes = (bounds: Piece['data']) => ({
    pieces: [positionDeletes(at('a-deletes.parquet'), [[a.path, 1]], { data: { ...bounds } })],
  });
  const bound = (list: unknown, id: number) =>
    (list as readonly { key: number; value: Buffer }[]).find(({ key }) => key === id)?.value.toString();

  test('equal ones stay equal, and are the new path: else the file is indexed under a path that is none', async () => {
    const { after } = await comeBack({ snapshots: [{ id: 1n, manifests: [files, deletes(pathBounds(a.path))] }] });
    expect(await rowsOf(after)).toEqual(['a0', 'a2', 'b0', 'b1', 'b2', 'c0', 'c1', 'c2']);
    const file = after.snapshots[0]?.manifests[1]?.entries[0]?.data_file;
    for (const list of [file?.lower_bounds, file?.upper_bounds])
      expect(bound(list, 2147483546)).toBe('memory://wh/db/r/data/a.parquet');
  });

  test('§11: those that DuckDB writes under the id 2147483646 are the new path, too', async () => {
    const { after } = await comeBack({
      snapshots: [{ id: 1n, manifests: [files, deletes(pathBounds(a.path, a.path, 2147483646))] }],
    });
    const file = after.snapshots[0]?.manifests[1]?.entries[0]?.data_file;
    for (const list of [file?.lower_bounds, file?.upper_bounds])
      expect(bound(list, 2147483646)).toBe('memory://wh/db/r/data/a.parquet');
  });

  test('cut-off ones do not survive as they were', async () => {
    const cut = pathBounds('memory://src/db/', 'memory://src/db0');
    const { after } = await comeBack({ snapshots: [{ id: 1n, manifests: [files, deletes(cut)] }] });
    expect(await rowsOf(after)).toEqual(['a0', 'a2', 'b0', 'b1', 'b2', 'c0', 'c1', 'c2']);
  });
});

test('B7: a position-delete file with a sort order, which readers must ignore', async () => {
  const deletes = positionDeletes(at('a-deletes.parquet'), [[a.path, 1]], { data: { sort_order_id: 0 } });
  const { after } = await comeBack({ snapshots: [{ id: 1n, manifests: [files, { pieces: [deletes] }] }] });
  expect(await rowsOf(after)).toEqual(['a0', 'a2', 'b0', 'b1', 'b2', 'c0', 'c1', 'c2']);
  expect(after.snapshots[0]?.manifests[1]?.entries[0]?.data_file.sort_order_id).toBe(0);
});

test('B8: a delete file without rows is a file, of the length that is recorded', async () => {
  const { after } = await comeBack({
    snapshots: [{ id: 1n, manifests: [files, { pieces: [positionDeletes(at('none.parquet'), [])] }] }],
  });
  expect(await rowsOf(after)).toHaveLength(9);
  expect(after.objects.get('memory://wh/db/r/data/none.parquet')?.subarray(0, 4).toString()).toBe('PAR1');
});

test('12006, 12885: equality deletes and files of earlier snapshots are copied, files that only DELETED entries name are not', async () => {
  const old = data(at('old.parquet'), ['old']);
  const dropped: Piece = { path: at('dropped.parquet'), status: 2, entry: { snapshot_id: 2n } };
  const { after, world } = await comeBack({
    snapshots: [
      { id: 1n, manifests: [{ pieces: [old] }] },
      {
        id: 2n,
        manifests: [files, { pieces: [{ ...old, status: 2, bytes: old.bytes as Buffer, entry: { snapshot_id: 2n } }, dropped] }],
      },
      { id: 3n, manifests: [files, { pieces: [equalityDeletes(at('eq.parquet'), ['a0'])], list: { sequence_number: 3n } }] },
    ],
  });
  expect(await rowsOf(after, after.snapshots[0])).toEqual(['old']);
  expect(await rowsOf(after)).not.toContain('a0');
  const there = (await world.keys('wh')).filter((key) => key.startsWith('db/r/data/'));
  expect(there).toEqual(['a', 'b', 'c', 'eq', 'old'].map((name) => `db/r/data/${name}.parquet`));
});
