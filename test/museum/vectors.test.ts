/** Deletion vectors: their data files are named in the footer of a Puffin file and in manifests, their places in manifests alone. */
import { describe, expect, test } from 'vitest';
import { frame } from '../iceberg/puffin/support.js';
import { comeBack } from './come-back.js';
import { puffinOf, vectorOf, vectorPieces } from './deletes.js';
import { at, data, type Piece } from './lay.js';
import { footerOf, rowsOf, type Tree } from './read.js';

const [a, b] = ['a', 'b'].map((name) => data(at(`${name}.parquet`), [`${name}0`, `${name}1`, `${name}2`])) as [Piece, Piece];
const vectors = { [a.path]: [1], [b.path]: [0, 2] };
const PUFFIN = 'memory://wh/db/r/data/d.puffin';

async function throughPuffin(pieces: readonly Piece[]): Promise<{ readonly before: Tree; readonly after: Tree }> {
  const back = await comeBack({ formatVersion: 3, snapshots: [{ id: 1n, manifests: [{ pieces: [a, b] }, { pieces }] }] });
  expect(await rowsOf(back.after)).toEqual(['a0', 'a2', 'b1']);
  return back;
}

test('13671, 14226, duckdb-iceberg#1382: the footer and field 143 name the new data files', async () => {
  const { after } = await throughPuffin(vectorPieces(at('d.puffin'), puffinOf(vectors)));
  const files = ['a', 'b'].map((name) => `memory://wh/db/r/data/${name}.parquet`);
  const footer = footerOf(after.objects.get(PUFFIN) as Buffer);
  expect(footer.blobs.map(({ properties }) => properties?.['referenced-data-file'])).toEqual(files);
  expect(after.snapshots[0]?.manifests[1]?.entries.map(({ data_file }) => data_file.referenced_data_file)).toEqual(files);
});

test('B9: blobs with gaps between them, and others in between, stay where the manifest says they are', async () => {
  const others = [
    { type: 'apache-datasketches-theta-v1', fields: [1], 'snapshot-id': 1, 'sequence-number': 1, offset: 4, length: 5 },
  ];
  const puffin = puffinOf(vectors, { gap: Buffer.from('between'), others });
  const { before, after } = await throughPuffin(vectorPieces(at('d.puffin'), puffin));
  const [was, is] = [before, after].map(({ snapshots }) =>
    snapshots[0]?.manifests[1]?.entries.map(({ data_file }) => [data_file.content_offset, data_file.content_size_in_bytes]),
  );
  expect(is).toEqual(was);
  const footer = footerOf(after.objects.get(PUFFIN) as Buffer);
  expect(footer.blobs[0]).toEqual(others[0]);
  expect(footer.properties).toEqual({ 'created-by': 'a museum' });
});

describe('B9, §11: what the reference cannot read', () => {
  test('a vector without a container, as DuckDB wrote them: copied as it is', async () => {
    const bytes = vectorOf([1]);
    const raw: Piece = {
      path: at('raw.puffin'),
      bytes,
      data: {
        content: 1,
        file_format: 'puffin',
        referenced_data_file: a.path,
        content_offset: 0,
        content_size_in_bytes: bytes.length,
      },
    };
    const other = vectorPieces(at('d.puffin'), puffinOf({ [b.path]: [0, 2] }));
    const { after } = await throughPuffin([raw, ...other]);
    expect(after.objects.get('memory://wh/db/r/data/raw.puffin')?.equals(bytes)).toBe(true);
  });

  test('a footer packed with LZ4', async () => {
    const { after } = await throughPuffin(vectorPieces(at('d.puffin'), puffinOf(vectors, { pack: (payload) => frame(payload) })));
    // Unpacked now, since not every reader can.
    expect(footerOf(after.objects.get(PUFFIN) as Buffer).blobs).toHaveLength(2);
  });
});
