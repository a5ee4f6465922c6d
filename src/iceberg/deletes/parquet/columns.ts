import { cannotHandle, damaged } from '../errors.js';
import { FILE_PATH, POS } from '../facts.js';
import type { ParquetFooter, SchemaElement } from './footer.js';

/** Physical types (parquet.thrift, `Type`). */
export const TYPE = { int32: 1, int64: 2, byteArray: 6 } as const;

/** One of the two columns of a position-delete file. */
export interface DeleteColumn {
  readonly fieldId: typeof FILE_PATH | typeof POS;
  readonly name: string;
  /** Index of its column chunk in every row group. */
  readonly leaf: number;
  readonly type: number;
  /** True when its pages have definition levels. */
  readonly optional: boolean;
}

export interface DeleteColumns {
  /** Name of the message. */
  readonly root: string;
  readonly path: DeleteColumn;
  readonly pos: DeleteColumn;
  /** Both, as the file has them. */
  readonly inOrder: readonly DeleteColumn[];
  /** Names of all other columns: `row` was one, long ago. */
  readonly others: readonly string[];
}

interface TopLevel {
  readonly element: SchemaElement;
  readonly leaf: number;
}

/**
 * Finds the two columns by their field ids (Iceberg specification, "Position Delete Files"); by their names only where no column
 * of the file has an id, as pyiceberg reads them.
 *
 * @throws BcnError `corrupt` when the schema is no tree, `unsupported` when the file is no position-delete file
 */
export function findColumns({ schema, rowGroups }: ParquetFooter): DeleteColumns {
  const { root, children, leaves } = topLevel(schema);
  for (const { columns } of rowGroups)
    if (columns.length !== leaves) throw damaged(`a row group has ${columns.length} columns, its schema ${leaves}`);
  const byName = schema.every(({ fieldId }) => fieldId === undefined);
  const find = (fieldId: DeleteColumn['fieldId'], name: string, types: readonly number[]): DeleteColumn => {
    const found = children.filter(({ element }) => (byName ? element.name === name : element.fieldId === fieldId));
    const [only] = found;
    if (only === undefined) throw cannotHandle(`it has no column "${name}" (field id ${fieldId})`);
    if (found.length > 1) throw cannotHandle(`it has several columns with the field id ${fieldId}`);
    const { element, leaf } = only;
    if (element.type === undefined || !types.includes(element.type) || element.repetition === 2)
      throw cannotHandle(`its column "${element.name}" has a type that positions and paths do not have`);
    for (const { columns } of rowGroups)
      if (columns[leaf]?.type !== element.type) throw damaged(`its column "${element.name}" has two types`);
    return { fieldId, name: element.name, leaf, type: element.type, optional: element.repetition === 1 };
  };
  const path = find(FILE_PATH, 'file_path', [TYPE.byteArray]);
  const pos = find(POS, 'pos', [TYPE.int64, TYPE.int32]);
  if (path.name === pos.name) throw cannotHandle(`it has two columns of the name "${path.name}"`);
  const others = children.filter(({ leaf }) => leaf !== path.leaf && leaf !== pos.leaf).map(({ element }) => element.name);
  return { root, path, pos, inOrder: path.leaf < pos.leaf ? [path, pos] : [pos, path], others };
}

/** The columns of the message: the schema is a tree, written depth first. */
function topLevel(schema: readonly SchemaElement[]) {
  const [root] = schema;
  if (root === undefined) throw damaged('it has no schema');
  const children: TopLevel[] = [];
  // Children that are still to come, of the message and of each group that is open.
  const open: number[] = [root.children];
  let leaves = 0;
  for (const element of schema.slice(1)) {
    while (open.at(-1) === 0) open.pop();
    if (open.length === 0) throw damaged('its schema has more elements than its groups');
    open[open.length - 1] = (open.at(-1) as number) - 1;
    if (open.length === 1) children.push({ element, leaf: leaves });
    if (element.children < 0) throw damaged('its schema has a group with a negative number of elements');
    if (element.type === undefined) open.push(element.children);
    else leaves++;
  }
  if (open.some((left) => left !== 0)) throw damaged('its schema has fewer elements than its groups');
  return { root: root.name, children, leaves };
}
