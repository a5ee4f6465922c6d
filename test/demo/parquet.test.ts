import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readParquet } from '../../src/demo/parquet.js';
import { SAMPLES } from '../cli/world.js';

const COLUMNS = [
  { id: 1, name: 'id', type: 'long' },
  { id: 4, name: 'price', type: 'decimal(9, 2)' },
  { id: 5, name: 'ordered', type: 'date' },
  { id: 6, name: 'shipped', type: 'timestamptz' },
  { id: 3, name: 'item (renamed)', type: 'string' },
];
const FILES = readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.parquet'))
  .map((file) => path.join(SAMPLES, file));

async function allRows() {
  return (await Promise.all(FILES.map((file) => readParquet(readFileSync(file), COLUMNS, file)))).flat();
}

test('cells are exact: int64 above 2^53, microseconds, the scale of decimals', async () => {
  const rows = await allRows();
  expect(rows).toContainEqual(['9007199254740993', null, '2026-03-04', null, 'Überzelt ⛺']);
  expect(rows).toContainEqual(['1', '17.90', '2026-03-01', '2026-03-02 08:30:15.123456', 'lantern']);
});

test('columns are found by field id, whatever they are called; what a file does not have is null', async () => {
  expect(await allRows()).toContainEqual(['3', '42.00', '2026-03-02', null, 'compass']);
});

test.each([
  ['empty', (bytes: Buffer) => bytes.subarray(0, 0)],
  ['cut', (bytes: Buffer) => bytes.subarray(0, bytes.length - 20)],
  ['garbage', (bytes: Buffer) => Buffer.alloc(bytes.length, 7)],
])('%s: corrupt, with its name', async (_what, damage) => {
  const file = FILES[0] ?? '';
  await expect(readParquet(damage(readFileSync(file)), COLUMNS, file)).rejects.toMatchObject({ code: 'corrupt', object: file });
});
