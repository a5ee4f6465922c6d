import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BcnError, type ErrorCode } from '../../src/errors.js';
import { parts } from '../iceberg/avro/support.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { failure, IDENT, World } from '../support/world.js';

async function prepare(): Promise<{ world: World; table: TableWriter }> {
  const world = await World.open();
  const table = await world.table({ codec: 'null' });
  await table.append([someBytes('1'), someBytes('2')]);
  await table.append([someBytes('3')]);
  world.publish(table);
  return { world, table };
}

/** The error says what, which object, what next; no commit is there and the source is as it was. */
async function refused(world: World, run: () => Promise<unknown>, code: ErrorCode, exit: number): Promise<BcnError> {
  const before = await world.dump('src');
  const commits = (await world.keys('repo')).filter((key) => key.startsWith('backups/'));
  const error = await failure(run(), code);
  expect(error.exit).toBe(exit);
  expect(error.hint, error.message).toBeTruthy();
  expect(await world.dump('src')).toEqual(before);
  expect((await world.keys('repo')).filter((key) => key.startsWith('backups/'))).toEqual(commits);
  return error;
}

const wholly = async (world: World) => expect(await world.keys('repo')).toEqual([]);

test.each(['', '.hidden', 'a/b', 'a b', 'ä', 'x'.repeat(129), '..'])('the name %j is 2', async (name) => {
  const { world } = await prepare();
  const error = await refused(world, () => world.backup({ name }), 'usage', 2);
  expect(error.message).toContain(JSON.stringify(name));
  await wholly(world);
});

test('a name that is used is 23, and its backup stays', async () => {
  const { world, table } = await prepare();
  await world.backup();
  const before = await world.dump('repo');
  await table.append(['x']);
  world.publish(table);
  const error = await refused(world, () => world.backup(), 'backup-exists', 23);
  expect(error.object).toBe('memory://repo/backups/b.json');
  expect(error.message).toContain('db.t');
  expect(await world.dump('repo')).toEqual(before);
  // Deleted or not.
  await world.happen('b', '1-deleted.json');
  await refused(world, () => world.backup(), 'backup-exists', 23);
});

test('an unknown table is 20', async () => {
  const { world } = await prepare();
  const error = await refused(
    world,
    () => world.backup({ tables: [{ namespace: ['db'], name: 'nope' }] }),
    'table-not-found',
    20,
  );
  expect(error.table).toBe('db.nope');
  await wholly(world);
});

test('metadata.json that is not there is 32', async () => {
  const { world, table } = await prepare();
  await world.remove(table.metadataLocation);
  const error = await refused(world, () => world.backup(), 'corrupt', 32);
  expect(error).toMatchObject({ object: table.metadataLocation, table: 'db.t' });
  await wholly(world);
});

describe('a live file', () => {
  test.each(['memory', 'apart', 'file'] as const)('that is missing is 32 and named (%s)', async (kind) => {
    const world = await World.open({ kind });
    const table = await world.table();
    await table.append([someBytes('1'), someBytes('2')]);
    world.publish(table);
    const uri = `${table.location}/data/f-1.parquet`;
    await world.remove(uri);
    expect(await refused(world, () => world.backup(), 'corrupt', 32)).toMatchObject({ object: uri, table: 'db.t' });
  });

  test.each(['memory', 'apart', 'file'] as const)('of another length is 32 and named (%s)', async (kind) => {
    const world = await World.open({ kind });
    const table = await world.table();
    await table.append([someBytes('1'), someBytes('2')]);
    world.publish(table);
    const uri = `${table.location}/data/f-1.parquet`;
    for (const length of [199, 201, 0]) {
      await world.put(uri, someBytes('2', length));
      expect(await refused(world, () => world.backup(), 'corrupt', 32)).toMatchObject({ object: uri, table: 'db.t' });
    }
    // Mended, the same command succeeds: what the failed run copied does not stand in its way.
    await world.put(uri, someBytes('2'));
    expect((await world.backup()).outcome).toBe('created');
    expect((await world.verify()).problems).toEqual([]);
  });
});

describe('damaged metadata is 32, named, and never another exception', () => {
  async function cuts(pick: (table: TableWriter) => string, step: number) {
    const { world, table } = await prepare();
    const uri = pick(table);
    const bytes = await world.get(uri);
    // A whole Avro file without records: nothing tells that it had some, since metadata.json does not record a list's length.
    const blank = uri.includes('/snap-') ? parts(bytes).header.length : -1;
    for (let end = 0; end < bytes.length; end += step) {
      if (end === blank) continue;
      await world.put(uri, bytes.subarray(0, end));
      const error = await failure(world.backup({ dryRun: true }));
      expect([error.code, error.object, error.table], `cut at ${end}`).toEqual(['corrupt', uri, 'db.t']);
      expect(error.hint).toBeTruthy();
    }
    await wholly(world);
  }
  test('metadata.json, cut', () => cuts((table) => table.metadataLocation, 10));
  test('a manifest list, cut', () => cuts((table) => table.snapshots[0]?.list as string, 10));
  test('a manifest, cut', () => cuts((table) => table.snapshots[0]?.manifests[0]?.path as string, 10));

  test('any byte of a manifest or list changed is an error of ours, or harmless', { timeout: 60_000 }, async () => {
    const { world, table } = await prepare();
    for (const uri of [table.snapshots[0]?.list as string, table.snapshots[0]?.manifests[0]?.path as string]) {
      const bytes = await world.get(uri);
      for (let at = 0; at < bytes.length; at += 7) {
        const bad = Buffer.from(bytes);
        bad[at] = (bad[at] as number) ^ 0x41;
        await world.put(uri, bad);
        const error = await world.backup({ dryRun: true }).catch((thrown: unknown) => thrown);
        if (error instanceof Error) expect(error, `byte ${at} of ${uri}: ${error.stack}`).toBeInstanceOf(BcnError);
      }
      await world.put(uri, bytes);
    }
  });

  test.each([
    ['[]', 'corrupt'],
    ['null', 'corrupt'],
    ['{}', 'corrupt'],
    ['', 'corrupt'],
    ['{"format-version":4,"location":"memory://src/db/t"}', 'unsupported'],
  ] as const)('metadata.json that holds %s', async (text, code) => {
    const { world, table } = await prepare();
    await world.put(table.metadataLocation, text);
    await refused(world, () => world.backup(), code, code === 'corrupt' ? 32 : 22);
    await wholly(world);
  });
});

describe('what cannot be backed up faithfully is 22, says why, and writes nothing', () => {
  test.each([
    ['encryption', (d: Record<string, unknown>) => Object.assign(d, { 'encryption-keys': [{ 'key-id': 'k' }] }), /encryption/],
    ['a format of the future', (d: Record<string, unknown>) => Object.assign(d, { 'format-version': 4 }), /format version 4/],
    [
      'a list where bcn cannot read',
      (d: Record<string, unknown>) => {
        const [first, ...more] = d.snapshots as Record<string, unknown>[];
        d.snapshots = [{ ...first, 'manifest-list': 'hdfs://nn/db/x.avro' }, ...more];
      },
      /cannot read: hdfs:\/\/nn\/db\/x\.avro/,
    ],
  ])('%s', async (_, change, reason) => {
    const { world, table } = await prepare();
    await table.writeMetadata(change);
    world.publish(table);
    const error = await refused(world, () => world.backup(), 'unsupported', 22);
    expect(error.message).toMatch(reason);
    expect(error.table).toBe('db.t');
    await wholly(world);
  });
});

describe('a repository and a table inside each other are 2', () => {
  test.each(['repo/db/t', ''])('the table at memory://repo/%s', async (path) => {
    const { world } = await prepare();
    const table = await world.table();
    const text = (await world.get(world.tables.get('db.t')?.metadataLocation as string)).toString();
    const location = path === '' ? 'memory://repo' : `memory://${path}`;
    await world.put(`${table.location}/metadata/moved.metadata.json`, text.replaceAll('memory://src/db/t', location));
    world.tables.set('db.t', { metadataLocation: `${table.location}/metadata/moved.metadata.json`, location });
    await refused(world, () => world.backup(), 'usage', 2);
    await wholly(world);
  });
});

test('a --tmp-dir that cannot be written is 2', async () => {
  const { world } = await prepare();
  world.tmpDir = join(tmpdir(), 'bcn-no-such-folder');
  const error = await refused(world, () => world.backup(), 'config', 2);
  expect(error.object).toBe(world.tmpDir);
  await wholly(world);
  if (process.getuid?.() !== 0) {
    world.tmpDir = await mkdtemp(join(tmpdir(), 'bcn-ro-'));
    await chmod(world.tmpDir, 0o500);
    await refused(world, () => world.backup(), 'config', 2);
    await rm(world.tmpDir, { recursive: true });
  }
});

test('--dry-run writes nothing, whatever it finds', async () => {
  const { world } = await prepare();
  const planned = await world.backup({ dryRun: true });
  expect(planned).toMatchObject({
    outcome: 'planned',
    plan: { data: { total: { objects: 3 }, serverSide: { objects: 3 }, streamed: { objects: 0 } } },
  });
  await wholly(world);
  await world.backup();
  for (const key of await world.keys('repo')) if (key.endsWith('/end')) await world.remove(world.uri('repo', key));
  const before = await world.dump('repo');
  expect((await world.backup({ dryRun: true })).outcome).toBe('already');
  await world.backup({ dryRun: true, name: 'other' });
  expect(await world.dump('repo')).toEqual(before);
});

test('a repository of a newer format is 13, and an unreadable one 32', async () => {
  const { world } = await prepare();
  await world.put(world.uri('repo', 'bcn.json'), JSON.stringify({ format: 2, id: 'x', features: [], grace_ms: 1, created: '' }));
  await refused(world, () => world.backup(), 'repository-too-new', 13);
  await world.put(world.uri('repo', 'bcn.json'), 'nonsense');
  expect((await failure(world.backup(), 'corrupt')).object).toBe('memory://repo/bcn.json');
});

test('an aborted signal ends it as interrupted, and the same command goes on', async () => {
  const { world } = await prepare();
  await failure(world.backup({ signal: AbortSignal.abort() }), 'interrupted');
  expect(await world.backup({ tables: [IDENT] })).toMatchObject({ outcome: 'created' });
});
