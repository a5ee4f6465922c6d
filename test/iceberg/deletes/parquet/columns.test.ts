import { describe, expect, test } from 'vitest';
import { findColumns } from '../../../../src/iceberg/deletes/parquet/columns.js';
import type { ParquetFooter, SchemaElement } from '../../../../src/iceberg/deletes/parquet/footer.js';

const [PATH, POS, ROW] = [2147483546, 2147483545, 2147483544];
const element = (name: string, more: Partial<SchemaElement> = {}): SchemaElement => ({
  name,
  type: undefined,
  repetition: 0,
  children: 0,
  fieldId: undefined,
  ...more,
});
const path = (more: Partial<SchemaElement> = {}) => element('p', { type: 6, fieldId: PATH, ...more });
const pos = (more: Partial<SchemaElement> = {}) => element('q', { type: 2, fieldId: POS, ...more });

function find(schema: readonly SchemaElement[], types?: readonly number[]) {
  const columns = types?.map((type) => ({ type, codec: 0, values: 1, start: 4, end: 5 }));
  const footer: ParquetFooter = {
    schema,
    rows: 1,
    rowGroups: columns === undefined ? [] : [{ rows: 1, columns }],
    keyValues: [],
    start: 100,
  };
  return findColumns(footer);
}

test('by id, in any order, among groups', () => {
  const row = [
    element('row', { children: 2, fieldId: ROW, repetition: 1 }),
    element('list', { children: 1 }),
    element('file_path', { type: 6 }),
    element('id', { type: 2 }),
  ];
  const found = find([element('m', { children: 3 }), pos({ repetition: 1 }), ...row, path()], [2, 6, 2, 6]);
  expect(found).toMatchObject({
    root: 'm',
    path: { name: 'p', leaf: 3, optional: false },
    pos: { name: 'q', leaf: 0, optional: true },
    others: ['row'],
  });
  expect(found.inOrder.map(({ name }) => name)).toEqual(['q', 'p']);
});

test('by name only where there are no ids at all', () => {
  const plain = [element('pos', { type: 2 }), element('file_path', { type: 6 })];
  expect(find([element('m', { children: 2 }), ...plain])).toMatchObject({
    path: { fieldId: PATH, leaf: 1 },
    pos: { fieldId: POS, leaf: 0 },
  });
  expect(() => find([element('m', { children: 3 }), ...plain, element('x', { type: 2, fieldId: 1 })])).toThrow(
    /no column "file_path"/,
  );
});

describe('refused', () => {
  test.each([
    ['no path', [pos()]],
    ['two columns of one name', [path({ name: 'q' }), pos()]],
    ['no position', [path()]],
    ['two paths', [path(), path(), pos()]],
    ['a path of numbers', [path({ type: 2 }), pos()]],
    ['a position of bytes', [path(), pos({ type: 6 })]],
    ['paths that repeat', [path({ repetition: 2 }), pos()]],
    ['a path inside of a group', [element('g', { children: 1 }), path(), pos()]],
    ['a path that is a group', [path({ type: undefined, children: 1 }), element('x', { type: 6 }), pos()]],
  ])('%s', (_, schema) => {
    const children = schema.length - schema.reduce((sum, { children }) => sum + children, 0);
    expect(() => find([element('m', { children }), ...schema])).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});

describe('damage', () => {
  test.each([
    ['no schema', [], undefined],
    ['too many elements', [element('m', { children: 1 }), path(), pos()], undefined],
    ['too few', [element('m', { children: 3 }), path(), pos()], undefined],
    ['a negative number of children', [element('m', { children: 3 }), path(), element('g', { children: -1 }), pos()], undefined],
    ['fewer column chunks', [element('m', { children: 2 }), path(), pos()], [6]],
    ['column chunks of another type', [element('m', { children: 2 }), path(), pos()], [6, 1]],
  ])('%s', (_, schema, types) => {
    expect(() => find(schema, types)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});
