/** Row ids and counts that manifest lists do not hold: null is not a number to be made up. */
import { describe, expect, test } from 'vitest';
import { LIST_V1, LIST_V2 } from '../iceberg/avro/manifests.js';
import type { Json } from '../iceberg/avro/support.js';
import { comeBack } from './come-back.js';
import { at, data, type Piece } from './lay.js';
import { rowsOf, type Tree } from './read.js';

const file = (name: string, more: Partial<Piece> = {}) => data(at(`${name}.parquet`), [`${name}0`, `${name}1`], more);
const listOf = ({ snapshots }: Tree, n: number) => snapshots[n]?.manifests.map(({ list }) => list);

describe('B3', () => {
  test('a v3 table with a snapshot from before its upgrade, whose list has no first_row_id', async () => {
    const fields = (LIST_V2 as { fields: readonly { name: string }[] }).fields.filter(({ name }) => name !== 'first_row_id');
    const old = { pieces: [file('old')] };
    const { after } = await comeBack({
      formatVersion: 3,
      snapshots: [
        { id: 1n, manifests: [old], list: { ...(LIST_V2 as object), fields } as Json },
        { id: 2n, manifests: [{ ...old }, { pieces: [file('new')], list: { first_row_id: 40n } }], more: { 'first-row-id': 40 } },
      ],
    });
    expect(listOf(after, 0)?.[0]).not.toHaveProperty('first_row_id');
    expect(listOf(after, 1)?.map(({ first_row_id }) => first_row_id)).toEqual([null, 40n]);
  });

  test('a v1 list whose counts are null', async () => {
    const counts = ['added_data_files_count', 'existing_data_files_count', 'deleted_data_files_count'] as const;
    const nulls = Object.fromEntries(counts.map((name) => [name, null]));
    const { after } = await comeBack({
      formatVersion: 1,
      snapshots: [
        { id: 1n, manifests: [{ v1: true, pieces: [file('a', { entry: { snapshot_id: 1n } })], list: nulls }], list: LIST_V1 },
      ],
    });
    expect(listOf(after, 0)?.[0]).toMatchObject(nulls);
    expect(await rowsOf(after)).toEqual(['a0', 'a1']);
  });
});

test('B4: first_row_id stays null where it is inherited, a value where it is one, and entries keep their order', async () => {
  const pieces = [
    file('upgraded', { status: 0, entry: { snapshot_id: 1n, sequence_number: 1n } }),
    file('given', { status: 0, entry: { snapshot_id: 1n, sequence_number: 1n }, data: { first_row_id: 500n } }),
    file('gone', { status: 2, entry: { snapshot_id: 2n, sequence_number: 1n } }),
    file('added'),
  ];
  const { before, after } = await comeBack({
    formatVersion: 3,
    snapshots: [
      { id: 2n, manifests: [{ pieces, list: { first_row_id: 700n } }], more: { 'first-row-id': 700, 'added-rows': 4 } },
    ],
  });
  const ids = (tree: Tree) => tree.snapshots[0]?.manifests[0]?.entries.map(({ data_file }) => data_file.first_row_id);
  expect(ids(after)).toEqual([null, 500n, null, null]);
  expect(ids(after)).toEqual(ids(before));
  const names = after.snapshots[0]?.manifests[0]?.entries.map(({ data_file }) => String(data_file.file_path).split('/').at(-1));
  expect(names).toEqual(['upgraded.parquet', 'given.parquet', 'gone.parquet', 'added.parquet']);
  expect(listOf(after, 0)?.[0]?.first_row_id).toBe(700n);
  expect(after.metadata['next-row-id']).toBe(1000);
});
