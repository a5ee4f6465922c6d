import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listBackups } from '../../src/repository/list.js';
import { load } from '../kept/kept.js';
import { seeTable } from '../support/rows.js';

const KEPT = join(import.meta.dirname, '../kept');

/** The script of specs/02, "Recovery without bcn", as it stands there. */
async function script(): Promise<string> {
  const page = await readFile(join(import.meta.dirname, '../../specs/02-repository-format.md'), 'utf8');
  const [, text = ''] = /## Recovery without bcn\n[^#]*?```sh\n(.*?)```/s.exec(page) ?? [];
  return text;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'bcn-recovery-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function recover(...args: readonly [repository: string, backup: string, out: string, repaired?: string]) {
  const file = join(await folder(), 'recover.sh');
  await writeFile(file, await script());
  return promisify(execFile)('sh', [file, ...(args as readonly string[])], {
    env: { PATH: process.env.PATH ?? '', TMPDIR: dirname(file) },
  });
}

const filesBelow = async (top: string) =>
  (await readdir(top, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(top.length + 1));

test('has at most twenty lines', async () => {
  const lines = (await script()).trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.length).toBeLessThanOrEqual(20);
});

describe.each([
  ['first', 'two'],
  ['format-1', 'part'],
])('of the kept repository %s, backup %s', (name, backup) => {
  test('every content file is there under its path, byte for byte', { timeout: 60_000 }, async () => {
    const world = await load(name);
    const objects = await world.dump('src');
    const read = (uri: string) => {
      const found = objects.get(uri);
      return found === undefined ? undefined : Buffer.from(found, 'base64');
    };
    for (const { selector, tables } of (await listBackups(world.place())).backups) {
      if (selector !== backup) continue;
      const out = await folder();
      await recover(join(KEPT, name, 'repository'), selector, join(out, 'tables')).catch((error) => {
        throw new Error(`${selector}: ${error.stderr}`);
      });
      for (const { table, location, metadataLocation, files } of tables) {
        // Content is what the source's metadata names, but metadata.
        const named = [...(await seeTable(metadataLocation, read)).objects].filter(
          (uri) => !/\/(snap-[^/]*|[^/]*m\d+)\.avro$|metadata\.json$/.test(uri),
        );
        expect(named).toHaveLength(files.total);
        const place = (uri: string) =>
          uri.startsWith(`${location}/`) ? uri.slice(location.length + 1) : uri.replace('://', '/');
        const found = await filesBelow(join(out, 'tables', table));
        expect(found.sort(), selector).toEqual(named.map(place).sort());
        for (const uri of named) expect(await readFile(join(out, 'tables', table, place(uri)))).toEqual(read(uri));
      }
    }
  });
});

test('of a repaired backup what brought it back; what an incomplete one lacks is named', { timeout: 60_000 }, async () => {
  const repository = join(KEPT, 'format-1/repository');
  const repaired = (await filesBelow(repository)).find((file) => /^events\/.*-repaired/.test(file)) as string;
  const out = await folder();
  await expect(recover(repository, 'fixed', join(out, 'without'))).rejects.toMatchObject({ code: 1 });
  await recover(repository, 'fixed', join(out, 'with'), repaired);
  expect(await readFile(join(out, 'with/db.u/data/f-0.parquet'))).toEqual(
    await readFile(join(repository, '../source/db/u/data/f-0.parquet')),
  );
  const { stderr } = await recover(repository, 'lacks', join(out, 'lacks'));
  expect(stderr).toBe('lost: data/a2.parquet\n');
  expect(await filesBelow(join(out, 'lacks/db.t'))).toHaveLength(11);
});

test('what is damaged is named, and ends it', { timeout: 60_000 }, async () => {
  const top = await folder();
  const repository = join(top, 'repository');
  await cp(join(KEPT, 'format-1/repository'), repository, { recursive: true });
  const files = await filesBelow(repository);
  const one = (pattern: RegExp) => join(repository, files.find((file) => pattern.test(file)) as string);
  for (const pattern of [/backups\/new\.json$/, /11507a.*pack-0/, /11507a.*root\.ndjson/]) {
    const file = one(pattern);
    const whole = await readFile(file);
    const bad = Buffer.from(whole);
    bad[bad.length >> 1] = (bad[bad.length >> 1] as number) ^ 1;
    await writeFile(file, bad);
    await expect(recover(repository, 'new', join(top, 'out')), file).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('FAILED'),
    });
    await rm(file);
    await expect(recover(repository, 'new', join(top, 'out')), file).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(file),
    });
    await writeFile(file, whole);
  }
  const data = one(/cba06b.*a\.parquet$/);
  await appendFile(data, 'x');
  await expect(recover(repository, 'new', join(top, 'out'))).rejects.toMatchObject({
    stderr: expect.stringContaining('wrong length'),
  });
});
