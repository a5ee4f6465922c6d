/** Which deletes apply to which files is decided by sequence numbers, referenced data files and bounds: none may be lost on the way. */
import { describe, expect, test } from 'vitest';
import { comeBack } from './come-back.js';
import { equalityDeletes, positionDeletes } from './deletes.js';
import { at, data, type Piece, pathBounds } from './lay.js';
import { rowsOf } from './read.js';

describe('B1: an equality delete between the start and the commit of a compaction', () => {
  // Compacted files keep the sequence number at which the compaction began (`use-starting-sequence-number`): an explicit one of an ADDED entry.
  const compacted = data(at('compacted.parquet'), ['kept', 'deleted'], { entry: { sequence_number: 1n } });
  const deletes = equalityDeletes(at('eq.parquet'), ['deleted']);
  const spec = {
    snapshots: [
      {
        id: 1n,
        manifests: [
          { pieces: [deletes], list: { sequence_number: 2n } },
          { pieces: [compacted], list: { sequence_number: 3n } },
        ],
      },
    ],
  };

  test('still applies: the explicit, older sequence number of an ADDED entry is kept', async () => {
    const { after } = await comeBack(spec);
    expect(await rowsOf(after)).toEqual(['kept']);
    const entry = after.snapshots[0]?.manifests[1]?.entries[0];
    expect([entry?.status, entry?.sequence_number]).toEqual([1, 1n]);
  });
});

describe('B2: referenced_data_file of position deletes in version 2', () => {
  const file = data(at('a.parquet'), ['kept', 'deleted']);
  const snapshots = (more: NonNullable<Piece['data']>) => [
    {
      id: 1n,
      manifests: [{ pieces: [file] }, { pieces: [positionDeletes(at('a-deletes.parquet'), [[file.path, 1]], { data: more })] }],
    },
  ];

  test.each([
    ['alone', { referenced_data_file: file.path }],
    ['with bounds', { referenced_data_file: file.path, ...pathBounds(file.path) }],
  ])('names the new file, %s', async (_, more) => {
    const { after } = await comeBack({ snapshots: snapshots(more) });
    expect(await rowsOf(after)).toEqual(['kept']);
    const [dataFile, deletes] = (after.snapshots[0]?.manifests ?? []).map(({ entries }) => entries[0]?.data_file);
    expect(deletes?.referenced_data_file).toBe(dataFile?.file_path);
  });
});
