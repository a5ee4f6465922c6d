/** Tables that this version cannot bring back faithfully: exit 22 with the reason, and nothing written anywhere. */
import { describe, expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { refusedTables } from './corpus.js';
import { World } from './world.js';

/** What the message has to name besides the reason: the path, or for a fact of metadata.json the field. */
const NAMES: Readonly<Record<string, RegExp>> = {
  'refused-add-files': /s3:\/\/corpus\/corpus\/refused-add-files-foreign\/f\.parquet/,
  'refused-data-path': /s3:\/\/corpus\/corpus\/refused-data-path-data/,
  'refused-metadata-path': /s3:\/\/corpus\/corpus\/refused-metadata-path-meta/,
  'refused-object-path': /s3:\/\/elsewhere\/shared/,
  'refused-position-deletes': /s3:\/\/corpus\/corpus\/refused-position-deletes\/metadata\/.*\.avro in snapshot \d+/,
  'refused-old-deletes': /s3:\/\/corpus\/corpus\/refused-old-deletes\/metadata\/.*\.avro in snapshot \d+/,
  'refused-deletion-vectors': /s3:\/\/corpus\/corpus\/refused-deletion-vectors\/metadata\/.*\.avro in snapshot \d+/,
  'refused-snapshot-key': /snapshot \d+/,
};

describe.each(refusedTables)('$name: $note', (table) => {
  if (table.expect.ok) throw new Error('not refused');
  const { exit, reason } = table.expect;

  test.each(['copy', 'reference'] as const)('--data %s', async (mode) => {
    const world = await World.with(table);
    const source = world.keys('corpus');
    const error = await world.backup(table.name, 'b', mode).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(BcnError);
    const { message, exit: found, table: named, hint } = error as BcnError;
    expect(found).toBe(exit);
    expect(message).toContain(reason);
    expect(message).toMatch(NAMES[table.name] ?? /./);
    expect(named).toBe(`db.${table.name}`);
    expect(hint).toBeTruthy();

    expect(world.keys('backups')).toEqual([]);
    expect(world.keys('corpus')).toEqual(source);
    expect(
      [...world.service.buckets.keys()].filter((bucket) => !['memory://corpus', 'memory://backups'].includes(bucket)),
    ).toEqual([]);
    const { put, copy, delete: deleted } = world.meter.usage().requests;
    expect({ put, copy, deleted }).toEqual({ put: 0, copy: 0, deleted: 0 });
  });

  test('beside a repository that holds backups, too', async () => {
    const world = await World.with(table);
    await world.place.store.create(`${world.place.prefix}bcn.json`, RECORD);
    const before = world.keys('backups');
    await expect(world.backup(table.name, 'b')).rejects.toMatchObject({ exit });
    expect(world.keys('backups')).toEqual(before);
  });
});

const RECORD = Buffer.from(
  JSON.stringify({ format: 1, id: '0'.repeat(32), features: [], grace_ms: 86_400_000, created: '2026-01-01T00:00:00.000Z' }),
);
