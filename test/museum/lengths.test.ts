/** Lengths that metadata records are those of the files: readers take them for the end of a file. */
import { expect, test } from 'vitest';
import { Faults } from '../support/faults.js';
import { World } from '../support/world.js';
import { comeBack, restored } from './come-back.js';
import { positionDeletes, puffinOf, vectorPieces } from './deletes.js';
import { at, data, lay, pathBounds } from './lay.js';
import { expectSound } from './read.js';

const LONGER = `memory://wh/${'a-longer-name/'.repeat(20)}t`;
const TARGETS = [
  ['longer', LONGER],
  ['shorter', 'memory://wh/t'],
  ['equal', 'memory://wh/aa/t'],
] as const;
const files = ['a', 'b'].map((name) => data(at(`${name}.parquet`), [`${name} kept`, `${name} deleted`]));
const deletes = files.map(({ path }) => positionDeletes(`${path}-deletes.parquet`, [[path, 1]], { data: pathBounds(path) }));

test.each(TARGETS)(
  '13719, 16905: manifest_length is that of the rewritten manifest in every list (a %s location)',
  async (_, targetLocation) => {
    const shared = { pieces: files };
    const { after } = await comeBack(
      {
        snapshots: [
          { id: 1n, manifests: [shared] },
          { id: 2n, manifests: [shared, { pieces: deletes }] },
        ],
      },
      { targetLocation },
    );
    const [first, second] = after.snapshots;
    expect(first?.manifests[0]?.list.manifest_length).toBe(second?.manifests[0]?.list.manifest_length);
    for (const { manifests } of after.snapshots)
      for (const { path, list } of manifests) expect(list.manifest_length).toBe(BigInt(after.objects.get(path)?.length ?? 0));
  },
);

test('13719: so it is in three incremental backups, whose lists name manifests that an earlier backup wrote', async () => {
  const world = await World.open();
  const table = await world.table();
  for (const name of ['b1', 'b2', 'b3']) {
    await table.append([`${name} x`, `${name} y`]);
    world.publish(table);
    const { plan } = await world.backup({ name });
    // One file of earlier manifests would be copied again where manifests were not reused.
    expect(plan?.data.reused.objects).toBe(2 * Number(name[1]) - 2);
  }
  for (const name of ['b1', 'b2', 'b3']) {
    const after = await restored(world, {
      backupName: name,
      targetLocation: `${LONGER}-${name}`,
      target: { namespace: ['db'], name },
    });
    expect(after.snapshots).toHaveLength(Number(name[1]));
    expect(after.snapshots.at(-1)?.manifests).toHaveLength(Number(name[1]));
  }
});

test.each(TARGETS)(
  '12554: file_size_in_bytes is that of the rewritten delete file, whatever names it (a %s location)',
  async (_, targetLocation) => {
    const puffin = puffinOf({ [at('a.parquet')]: [1], [at('b.parquet')]: [0, 1] });
    const v2 = await comeBack(
      { snapshots: [{ id: 1n, manifests: [{ pieces: files }, { pieces: deletes }] }] },
      { targetLocation },
    );
    const v3 = await comeBack(
      {
        formatVersion: 3,
        snapshots: [{ id: 1n, manifests: [{ pieces: files }, { pieces: vectorPieces(at('d.puffin'), puffin) }] }],
      },
      { targetLocation },
    );
    for (const { before, after } of [v2, v3]) {
      expectSound(after);
      const [was, is] = [before, after].map(({ snapshots }) =>
        snapshots[0]?.manifests[1]?.entries.map(({ data_file }) => data_file),
      );
      expect(is).toHaveLength(2);
      // Else the test would prove nothing: the files have really changed in size.
      const grew = is?.map((file, n) => Number(file.file_size_in_bytes) - Number(was?.[n]?.file_size_in_bytes));
      if (targetLocation === LONGER) for (const by of grew ?? []) expect(by).toBeGreaterThan(200);
    }
  },
);

test('12554: column sizes and split offsets of the rewritten file are not those of the old one', async () => {
  const stale = { column_sizes: [{ key: 2147483546, value: 7n }], split_offsets: [4n, 99_999n] };
  const [one] = deletes;
  const pieces = [{ ...one, path: `${one?.path}`, data: { ...one?.data, ...stale } }];
  const { after } = await comeBack({ snapshots: [{ id: 1n, manifests: [{ pieces: files }, { pieces }] }] });
  const file = after.snapshots[0]?.manifests[1]?.entries[0]?.data_file;
  const sizes = file?.column_sizes as readonly { key: number; value: bigint }[] | null;
  for (const { value } of sizes ?? []) expect(value).not.toBe(7n);
  const length = BigInt(file?.file_size_in_bytes as bigint);
  for (const offset of (file?.split_offsets as readonly bigint[] | null) ?? []) expect(offset).toBeLessThan(length);
});

test('ozone HDDS-14945: delete files are written before the manifests that record their sizes, then lists, then metadata', async () => {
  const world = await World.open();
  await lay(world, { snapshots: [{ id: 1n, manifests: [{ pieces: files }, { pieces: deletes }] }] });
  await world.backup();
  const log = new Faults();
  await world.restore({ targetLocation: LONGER }, log);
  const order = log
    .done('create', 'upload')
    .filter((key) => key.startsWith(LONGER) && !key.includes('.bcn-restore'))
    .map((key) => (key.endsWith('-deletes.parquet') ? 0 : key.endsWith('-m0.avro') ? 1 : key.includes('/snap-') ? 2 : 3));
  expect(order).toEqual([0, 0, 1, 1, 2, 3]);
});
