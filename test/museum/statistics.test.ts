/** Statistics are informational, and yet a table that had them has them. */
import { describe, expect, test } from 'vitest';
import { World } from '../support/world.js';
import { comeBack, restored } from './come-back.js';
import { at, data, LOCATION, lay } from './lay.js';

const bytes = Buffer.from('PFA1 statistics of some kind PFA1');
const path = (name: string) => `${LOCATION}/metadata/${name}.puffin`;
const entry = (name: string) => ({
  'snapshot-id': 1,
  'statistics-path': path(name),
  'file-size-in-bytes': bytes.length,
  'file-footer-size-in-bytes': 4,
  'blob-metadata': [],
});
const spec = (more: object) => ({
  snapshots: [{ id: 1n, manifests: [{ pieces: [data(at('a.parquet'), ['a'])] }] }],
  more: more as Readonly<Record<string, never>>,
});

describe.each([
  ['11929', 'statistics'],
  ['13956, 13881', 'partition-statistics'],
])('%s: %s', (_, list) => {
  const names = ['one', 'two'];

  test('come back, byte for byte, under new paths and with their lengths', async () => {
    const world = await World.open();
    for (const name of names) await world.put(path(name), bytes);
    await lay(world, spec({ [list]: names.map(entry) }));
    await world.backup();
    for (const uri of (await world.dump('src')).keys()) await world.remove(uri);
    const after = await restored(world);
    const found = after.metadata[list] as readonly ReturnType<typeof entry>[];
    expect(found.map((one) => one['statistics-path'])).toEqual(names.map((name) => `memory://wh/db/r/metadata/${name}.puffin`));
    for (const one of found) expect(after.objects.get(one['statistics-path'])?.equals(bytes)).toBe(true);
  });

  test('one that is gone loses its entry: no path is left dangling', async () => {
    const { after } = await comeBack(spec({ [list]: [entry('gone')] }));
    expect(after.metadata[list]).toEqual([]);
    expect(after.text).not.toContain('memory://src');
  });
});
