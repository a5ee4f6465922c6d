import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { encodeCommit } from '../../src/repository/commit.js';
import { sha256 } from '../../src/repository/keys.js';
import { FileStore } from '../../src/storage/file/file-store.js';
import { MemoryService, MemoryStore } from '../../src/storage/memory/memory-store.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'bcn-hostile-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const filesBelow = async (top: string) => (await readdir(top, { recursive: true })).sort();

/** A source in memory; repository and target are folders of one that holds a secret beside them. */
async function inFolders(table: Readonly<Record<string, Buffer>>) {
  const top = await folder();
  await writeFile(join(top, 'secret.txt'), 'secret');
  const files = new FileStore();
  const src = new MemoryStore('src', { service: new MemoryService() });
  const world = await World.open({
    places: {
      src: { uri: 'memory://src', store: src },
      repo: { uri: `file://${top}/repo`, store: files },
      wh: { uri: `file://${top}/wh`, store: files },
    },
  });
  const written = await world.table();
  await written.append(table);
  world.publish(written);
  world.repository = { store: files, prefix: `${top.slice(1)}/repo/` };
  return { world, top };
}

/** Writes a table root of the backup `b` again, as somebody who may write a whole backup. */
async function forge(world: World, change: (text: string) => Buffer): Promise<void> {
  const { id: _id, selector: _selector, ...rest } = (await world.commit()) as NonNullable<Awaited<ReturnType<World['commit']>>>;
  const [table] = rest.tables;
  const key = table?.root.key as string;
  const uri = `${world.uri('repo')}/${key}`;
  const bytes = change(gunzipSync(await world.get(uri)).toString());
  await world.put(uri, bytes);
  const tables = [{ ...table, root: { key, length: bytes.length, sha256: sha256(bytes) } }] as typeof rest.tables;
  await world.put(`${world.uri('repo')}/backups/b.json`, encodeCommit({ ...rest, tables }).bytes);
}

describe('paths that lead elsewhere', () => {
  test.each(['../../../evil.parquet', '../../../../../../../../evil.parquet', './x.parquet', 'a//x.parquet'])(
    'a data file %s of a table is written nowhere but below the target, or refused',
    async (name) => {
      const { world, top } = await inFolders({ 'good.parquet': someBytes('1'), [name]: someBytes('evil') });
      await world.backup();
      const before = await filesBelow(top);
      expect(await failure(world.restore())).toMatchObject({ exit: 23, code: 'name-conflict' });
      const after = (await filesBelow(top)).filter((path) => !before.includes(path));
      // Folders may stay, files do not.
      expect(after.filter((path) => /parquet|json/.test(path))).toEqual([]);
      expect([...world.tables.keys()]).toEqual(['db.t']);
    },
  );

  test('a key of the repository that leads out of it is not followed', async () => {
    const { world, top } = await inFolders({ 'good.parquet': someBytes('1') });
    await world.backup();
    await forge(world, (text) => gzipSync(text.replace(/("type":"metadata".*"key":")[^"]*/, '$1../secret.txt')));
    await failure(world.restore(), 'corrupt');
    expect((await world.verify()).problems.length).toBeGreaterThan(0);
    expect((await filesBelow(top)).filter((path) => path.startsWith('wh'))).toEqual([]);
  });
});

describe('objects that are larger than they look', () => {
  const bomb = (size: number) => {
    const member = gzipSync(Buffer.alloc(16 * 1024 * 1024, ' '));
    return Buffer.concat(Array.from({ length: size }, () => member));
  };

  test('a table root of 600 MB unpacked is damage, not the end of the process', { timeout: 60_000 }, async () => {
    const world = await World.open();
    const table = await world.table();
    await table.append([someBytes('0')]);
    world.publish(table);
    await world.backup();
    await world.backup({ name: 'other', fresh: true });
    await forge(world, () => bomb(38));
    expect((await failure(world.restore(), 'corrupt')).exit).toBe(32);
    expect((await world.verify({ name: 'other' })).problems).toEqual([]);
  });

  test.each([
    ['a record', 'backups/b.json'],
    ['the record of the repository', 'bcn.json'],
  ])('%s that nests a million deep', async (_, key) => {
    const world = await World.open();
    const table = await world.table();
    await table.append([someBytes('0')]);
    world.publish(table);
    await world.backup();
    const rest = `"tables":${'['.repeat(1_000_000)}\n`;
    await world.put(world.uri('repo', key), key === 'bcn.json' ? `{${rest}` : `{"id":"${sha256(rest)}",\n${rest}`);
    expect(await failure(world.restore(), 'corrupt')).toMatchObject({ object: world.uri('repo', key) });
  });
});
