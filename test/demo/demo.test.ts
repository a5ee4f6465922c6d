import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { localParts } from '../../src/cli/wiring.js';
import { type DemoDeps, type DemoStep, runDemo } from '../../src/demo/demo.js';
import { SAMPLES } from '../cli/world.js';

let dir: string;
let deps: DemoDeps;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'bcn-demo-unit-'));
  const silent = { progress: () => undefined, info: () => undefined, warn: () => undefined };
  deps = { ...(await localParts()), report: silent };
});
afterEach(() => rm(dir, { recursive: true }));

async function run(parts: DemoDeps, sample = SAMPLES): Promise<readonly DemoStep[]> {
  const steps: DemoStep[] = [];
  await runDemo(parts, { dir, sample }, (step) => steps.push(step));
  return steps;
}

test('the same rows before and after, in the words of the table itself', async () => {
  const [before, , , after] = (await run(deps)).map(({ table }) => table);
  expect(before?.snapshots.map(({ rows }) => rows.length)).toEqual([4, 7, 4, 6]);
  expect(before?.refs.map(({ name }) => name).sort()).toEqual(['audit', 'main', 'opening-day']);
  expect(after).toEqual(before);
});

test('the shipped repository is only read', async () => {
  const before = (await readdir(SAMPLES, { recursive: true })).sort();
  await run(deps);
  expect((await readdir(SAMPLES, { recursive: true })).sort()).toEqual(before);
});

test('a sample that is damaged ends it, with nothing registered', async () => {
  const sample = path.join(dir, 'sample');
  await cp(SAMPLES, sample, { recursive: true });
  const list = (await readdir(sample, { recursive: true })).find((file) => file.includes('/lists/')) ?? '';
  await writeFile(path.join(sample, list), 'not Avro');
  await expect(run(deps, sample)).rejects.toMatchObject({ code: 'corrupt' });
});

test('an interruption is obeyed', async () => {
  const options = { dir, sample: SAMPLES, signal: AbortSignal.abort() };
  await expect(runDemo(deps, options, () => undefined)).rejects.toMatchObject({ code: 'interrupted' });
});
