import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { jobsOf, multipartThreshold, tmpDirOf } from '../../src/config/limits.js';

test('jobs: 16, or 1 to 256', () => {
  expect(jobsOf(undefined)).toBe(16);
  expect(jobsOf('256')).toBe(256);
  for (const bad of ['0', '257', '', 'x']) expect(() => jobsOf(bad)).toThrow(expect.objectContaining({ code: 'usage' }));
});

test('multipart threshold: at most 5 GiB, which is what S3 copies at once', () => {
  expect(multipartThreshold({})).toBe(5 * 1024 ** 3);
  expect(multipartThreshold({ BCN_MULTIPART_THRESHOLD: '5368709120' })).toBe(5368709120);
  for (const bad of ['5368709121', '0', '5GiB']) expect(() => multipartThreshold({ BCN_MULTIPART_THRESHOLD: bad })).toThrow(bad);
});

test('the folder for spill files must be one; relative ones belong to the working folder', async () => {
  expect(await tmpDirOf(undefined, '/')).toBe(tmpdir());
  expect(await tmpDirOf('.', tmpdir())).toBe(tmpdir());
  const file = fileURLToPath(import.meta.url);
  await expect(tmpDirOf(file, '/')).rejects.toMatchObject({ code: 'config', message: `--tmp-dir is no folder: ${file}` });
  await expect(tmpDirOf('missing', '/nowhere')).rejects.toThrow('--tmp-dir is no folder: /nowhere/missing');
  await expect(tmpDirOf('', '/')).rejects.toThrow('--tmp-dir is empty');
});
