/** The reader of the museum must see what upstream's bugs did: tables broken as they broke them have other rows. */
import { describe, expect, test } from 'vitest';
import { World } from '../support/world.js';
import { equalityDeletes, positionDeletes, puffinOf, vectorPieces } from './deletes.js';
import { at, data, lay, type Piece, pathBounds, type TableSpec } from './lay.js';
import { expectSound, readTree, rowsOf, type Tree } from './read.js';

const a = data(at('a.parquet'), ['kept', 'deleted']);
const OLD = 'memory://old/db/t/data/a.parquet';

async function tree(spec: Partial<TableSpec> & { readonly manifests?: readonly (readonly Piece[])[] }): Promise<Tree> {
  const world = await World.open();
  const manifests = (spec.manifests ?? []).map((pieces) => ({ pieces }));
  return readTree(world, await lay(world, { snapshots: [{ id: 1n, manifests }], ...spec }), 'src');
}
const rows = async (...manifests: readonly (readonly Piece[])[]) => rowsOf(await tree({ manifests }));
const deletes = (path: string, more: NonNullable<Piece['data']> = {}) => [
  positionDeletes(at('d.parquet'), [[path, 1]], { data: more }),
];

function occurrences(bytes: Buffer, text: string): readonly number[] {
  const found: number[] = [];
  for (let i = bytes.indexOf(text); i >= 0; i = bytes.indexOf(text, i + 1)) found.push(i);
  return found;
}

describe('the row is deleted', () => {
  test.each([
    ['by position', deletes(a.path)],
    ['by position, for one file by its reference', deletes(a.path, { referenced_data_file: a.path })],
    ['by position, for one file by its bounds', deletes(a.path, pathBounds(a.path))],
    ['by a vector', vectorPieces(at('d.puffin'), puffinOf({ [a.path]: [1] }))],
  ])('%s', async (_, pieces) => {
    expect(await rows([a], pieces)).toEqual(['kept']);
  });

  test('by equality, of what is older', async () => {
    const eq = { pieces: [equalityDeletes(at('eq.parquet'), ['deleted'])], list: { sequence_number: 2n } };
    const file = (sequence_number: bigint | null) => ({
      pieces: [{ ...a, entry: { sequence_number } }],
      list: { sequence_number: 3n },
    });
    const with_ = async (sequence: bigint | null) =>
      rowsOf(await tree({ snapshots: [{ id: 1n, manifests: [eq, file(sequence)] }] }));
    expect(await with_(1n)).toEqual(['kept']);
    // B1: without its own number the file inherits that of the manifest.
    expect(await with_(null)).toEqual(['kept', 'deleted']);
  });
});

describe('the row is back', () => {
  test.each([
    ['presto#28415: the rows of the file name the old path', deletes(OLD)],
    ['B2: the reference is the old path', deletes(a.path, { referenced_data_file: OLD })],
    ['the bounds are the old path', deletes(a.path, pathBounds(OLD))],
  ])('%s', async (_, pieces) => {
    expect(await rows([a], pieces)).toEqual(['kept', 'deleted']);
  });

  test('the statistics of the rows are those of the old paths', async () => {
    const [piece] = deletes(a.path) as [Piece];
    const bytes = Buffer.from(piece.bytes as Buffer);
    // The first is the row itself.
    const [, ...stated] = occurrences(bytes, 'memory://src');
    expect(stated).toHaveLength(2);
    for (const i of stated) bytes.write('memory://aaa', i);
    expect(await rows([a], [{ ...piece, bytes }])).toEqual(['kept', 'deleted']);
  });
});

test('B9: a vector at another place than its manifest says, or for another file, is none', async () => {
  const [piece] = vectorPieces(at('d.puffin'), puffinOf({ [a.path]: [1] })) as [Piece];
  await expect(rows([a], [{ ...piece, data: { ...piece.data, content_offset: 3 } }])).rejects.toThrow();
  const [other] = vectorPieces(at('d.puffin'), puffinOf({ [OLD]: [1] })) as [Piece];
  await expect(rows([a], [{ ...other, data: { ...other.data, referenced_data_file: a.path } }])).rejects.toThrow();
});

describe('what is not sound', () => {
  const sound = (spec: Parameters<typeof tree>[0]) => tree(spec).then((found) => expectSound(found, 'memory://old'));

  test('12554, 13719: lengths that are not those of the files', async () => {
    await sound({ manifests: [[a]] });
    await expect(sound({ manifests: [[{ ...a, data: { file_size_in_bytes: 3 } }]] })).rejects.toThrow();
    const manifests = [{ pieces: [a], list: { manifest_length: 100_000 } }];
    await expect(sound({ snapshots: [{ id: 1n, manifests }] })).rejects.toThrow();
  });

  test('paths of the source in any field', async () => {
    const gone: Piece = { path: OLD, status: 2 };
    await expect(sound({ manifests: [[a, gone]] })).rejects.toThrow();
    await expect(sound({ manifests: [[a], deletes(a.path, pathBounds(OLD, OLD, 2147483646))] })).rejects.toThrow();
    await expect(sound({ manifests: [[a]], properties: { 'write.data.path': OLD } })).rejects.toThrow();
  });
});
