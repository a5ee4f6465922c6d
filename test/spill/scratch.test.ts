import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { withScratch } from '../../src/spill/scratch.js';
import { Sorter } from '../../src/spill/sorter.js';
import { failure } from '../support/world.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bcn-scratch-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('gives a folder of its own and removes it, whatever happened', async () => {
  const result = await withScratch(dir, async (scratch) => {
    await writeFile(join(scratch, 'x'), 'x');
    expect(await readdir(dir)).toHaveLength(1);
    return 7;
  });
  expect(result).toBe(7);
  const bug = new TypeError('x');
  await expect(
    withScratch(dir, async () => {
      throw bug;
    }),
  ).rejects.toBe(bug);
  expect(await readdir(dir)).toEqual([]);
});

test('a folder that is not there', async () => {
  const { hint } = await failure(
    withScratch(join(dir, 'none'), async () => 1),
    'config',
  );
  expect(hint).toContain('--tmp-dir');
});

describe('an error of the file system', () => {
  const thrown = (error: unknown) =>
    withScratch(dir, async () => {
      throw error;
    });
  const system = (code: string, path?: string) => Object.assign(new Error(`${code}: something, write`), { code, path });

  test.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'])('%s of a spill file is 31 and names the folder', async (code) => {
    const cause = system(code);
    const error = await failure(thrown(cause), 'storage-unavailable');
    expect(error).toMatchObject({ exit: 31, object: dir, cause });
    expect(error.message).toContain(dir);
    expect(error.hint).toContain('--tmp-dir');
    const below = withScratch(dir, async (scratch) => {
      throw system(code, join(scratch, 'tree', 'x'));
    });
    await failure(below, 'storage-unavailable');
  });

  test('elsewhere, of another kind, or explained already is left as it is', async () => {
    const known = new BcnError('storage-auth', 'x', { cause: system('ENOSPC') });
    for (const error of [
      system('ENOSPC', '/elsewhere/x'),
      system('ENOSPC', `${dir}-2/x`),
      system('ENOENT'),
      known,
      'text',
      null,
    ]) {
      await expect(thrown(error)).rejects.toBe(error);
    }
  });

  test('a file that is gone is a bug, not a full disk', async () => {
    const gone = withScratch(dir, async (scratch) => {
      for await (const _ of createReadStream(join(scratch, 'none'))) expect.unreachable();
    });
    await expect(gone).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

test.skipIf(process.getuid?.() !== 0)('a full disk, for real: streams and plain writes', async ({ skip }) => {
  const small = join(dir, 'small');
  await mkdir(small);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small], { stdio: 'ignore' });
  } catch {
    skip('this machine does not let tests mount');
  }
  try {
    const spill = async (scratch: string) => {
      const sorter = new Sorter<{ readonly k: string }>(scratch, 's', 100);
      for (let i = 0; i < 10_000; i++) await sorter.add({ k: `${i}`.repeat(100) });
    };
    const write = (scratch: string) => writeFile(join(scratch, 'x'), Buffer.alloc(1 << 20));
    for (const use of [spill, write]) {
      const error = await failure(withScratch(small, use), 'storage-unavailable');
      expect(error.message).toContain(small);
    }
    expect(await readdir(small)).toEqual([]);
  } finally {
    execFileSync('umount', [small]);
  }
});
