import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { FileStore } from '../../../src/storage/file/file-store.js';
import { storageConformance } from '../../conformance/storage.js';
import { all, failure } from '../../conformance/storage-parts/tools.js';

const roots: string[] = [];
async function makeRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'bcn-file-'));
  roots.push(root);
  return root;
}
afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true, force: true }))));

storageConformance('file', async () => ({
  store: new FileStore({ pageSize: 7 }),
  sibling: new FileStore({ pageSize: 7 }),
  prefix: `${(await makeRoot()).slice(1)}/`,
  refuses: {
    ...{ emptySegments: true, leadingSlash: true, dotSegments: true, trailingSlash: true, longSegments: true, nested: true },
    characters: ['\0'],
  },
}));

describe('files', () => {
  const store = new FileStore();
  let root: string;
  let p: string;
  beforeEach(async () => {
    root = await makeRoot();
    p = `${root.slice(1)}/`;
  });
  const names = () => readdir(root, { recursive: true });

  test('a key is the path, and URIs have three slashes', async () => {
    await store.create(`${p}x/y`, Buffer.from('hi'));
    expect((await stat(`${root}/x/y`)).size).toBe(2);
    expect(`${store.uri}/${p}x/y`).toBe(`file://${root}/x/y`);
    expect(await names()).toEqual(['x', 'x/y']);
  });

  test('segments that a path cannot have are refused, never resolved', async () => {
    await store.create(`${p}a/b`, Buffer.from('x'));
    for (const key of [
      'a/../a/b',
      'a/./b',
      './a/b',
      'a//b',
      'nul\0',
      `${'x'.repeat(256)}/y`,
      `${'é'.repeat(128)}`,
      'a/.bcn-tmp-1',
    ]) {
      await failure(store.create(p + key, Buffer.from('x')), 'name-conflict');
      await failure(store.get(p + key), 'object-not-found');
      await store.delete([p + key]);
      expect(await all(store, p + key)).toEqual([]);
    }
    await failure(store.get(`/${p}a/b`), 'object-not-found');
    expect(await all(store, `${p}a/../`)).toEqual([]);
    expect((await all(store, p)).length).toBe(1);
    await store.create(`${p}${'x'.repeat(255)}`, Buffer.from('x'));
  });

  test('folders, pipes and unfinished files are no objects', async () => {
    await mkdir(`${root}/empty/deep`, { recursive: true });
    await writeFile(`${root}/.bcn-tmp-1`, 'x');
    execFileSync('mkfifo', [`${root}/pipe`]);
    for (const key of ['empty', 'pipe']) await failure(store.get(p + key), 'object-not-found');
    expect(await all(store, p)).toEqual([]);
    for await (const page of store.list(p, { delimiter: '/' })) expect(page.prefixes).toEqual([]);
  });

  test('abortUploads removes unfinished files below the prefix only, and counts them', async () => {
    await mkdir(`${root}/a/b`, { recursive: true });
    await mkdir(`${root}/ab`);
    for (const name of ['a/.bcn-tmp-1', 'a/b/.bcn-tmp-2', 'ab/.bcn-tmp-3', 'a/keep']) await writeFile(`${root}/${name}`, 'x');
    expect(await store.abortUploads(`${p}a/`)).toBe(2);
    expect((await names()).filter((name) => name.includes('tmp'))).toEqual(['ab/.bcn-tmp-3']);
    expect((await all(store, p)).length).toBe(1);
    expect(await store.abortUploads(`${p}none/`)).toBe(0);
  });

  test('symbolic links are followed, but not in circles', async () => {
    const other = await makeRoot();
    await writeFile(`${other}/far`, 'abc');
    await mkdir(`${root}/d`);
    await writeFile(`${root}/d/near`, 'x');
    await symlink(other, `${root}/link`);
    await symlink(`${other}/far`, `${root}/file`);
    await symlink(root, `${root}/d/up`);
    await symlink(root, `${other}/round`);
    await symlink('/nowhere', `${root}/broken`);
    const listed = await all(store, p);
    expect(listed.map(({ key, size }) => [key.slice(p.length), size])).toEqual([
      ['d/near', 1],
      ['file', 3],
      ['link/far', 3],
    ]);
  });

  test('delete keeps folders unless told which are bcn’s, and never that folder itself', async () => {
    await store.create(`${p}repo/runs/1/x`, Buffer.from('x'));
    await store.delete([`${p}repo/runs/1/x`]);
    expect(await names()).toContain('repo/runs/1');
    const tidy = new FileStore({ tidyBelow: `${root}/repo/` });
    for (const key of ['repo/runs/1/x', 'repo/runs/2/x', 'repox/y']) await tidy.create(p + key, Buffer.from('x'));
    await tidy.delete([`${p}repo/runs/1/x`, `${p}repox/y`]);
    expect((await names()).sort()).toEqual(['repo', 'repo/runs', 'repo/runs/2', 'repo/runs/2/x', 'repox']);
    await tidy.delete([`${p}repo/runs/2/x`]);
    expect((await names()).sort()).toEqual(['repo', 'repox']);
  });

  test('creating files while their folder is being tidied away', async () => {
    const tidy = new FileStore({ tidyBelow: root });
    for (let i = 0; i < 30; i++) {
      const keys = [0, 1, 2].map((n) => `${p}race/deep/${i}-${n}`);
      await tidy.create(keys[0] as string, Buffer.from('x'));
      await Promise.all([tidy.delete([keys[0] as string]), ...keys.slice(1).map((key) => tidy.create(key, Buffer.from('x')))]);
      expect((await all(tidy, `${p}race/`)).length).toBe(2);
      await tidy.delete(keys);
    }
  });

  test('a failed upload or copy leaves no temporary file', async () => {
    await store.create(`${p}a`, Buffer.from('12345'));
    await failure(store.upload(`${p}b`, Readable.from([Buffer.alloc(3)]), 4), 'corrupt');
    await failure(store.copy({ store, key: `${p}a`, size: 4 }, `${p}b`), 'corrupt');
    await failure(store.create(`${p}a`, Buffer.from('x')), 'object-exists');
    expect(await names()).toEqual(['a']);
  });

  test.skipIf(process.getuid?.() !== 0)('a full disk is storage-unavailable and leaves nothing', async ({ skip }) => {
    await mkdir(`${root}/small`);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', `${root}/small`], { stdio: 'ignore' });
    } catch {
      skip('this machine does not let tests mount');
    }
    try {
      const big = Buffer.alloc(1 << 20, 1);
      for (const call of [
        () => store.create(`${p}small/x`, big),
        () => store.upload(`${p}small/x`, Readable.from([big]), big.length),
      ]) {
        const error = await failure(call(), 'storage-unavailable');
        expect(error.message).toMatch(/No space left/);
        expect(error.hint).toMatch(/Free space/);
      }
      expect(await readdir(`${root}/small`)).toEqual([]);
      // The folder is a mount point: it stays even when it is bcn's to tidy.
      const tidy = new FileStore({ tidyBelow: root });
      await tidy.create(`${p}small/y`, Buffer.from('x'));
      await tidy.delete([`${p}small/y`]);
      expect(await readdir(root)).toEqual(['small']);
    } finally {
      execFileSync('umount', [`${root}/small`]);
    }
  });
});
