/** What nobody can bring back is refused before anything is written. */
import { expect, test } from 'vitest';
import { World } from '../support/world.js';
import { at, data, lay } from './lay.js';

const pieces = [data(at('a.parquet'), ['a'])];

test.each([
  ['by a property', { properties: { 'encryption.key-id': 'k' } }],
  ['by its keys', { more: { 'encryption-keys': [{ 'key-id': 'k', 'encrypted-key-metadata': 'AA==' }] } }],
  ['by a snapshot', { snapshots: [{ id: 1n, manifests: [{ pieces }], more: { 'key-id': 'k' } }] }],
  ['by a manifest', { snapshots: [{ id: 1n, manifests: [{ pieces, list: { key_metadata: Buffer.from('k') } }] }] }],
])('17992, 17988: an encrypted table is refused: %s', async (_, spec) => {
  const world = await World.open();
  await lay(world, { snapshots: [{ id: 1n, manifests: [{ pieces }] }], ...spec });
  await expect(world.backup()).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('ncrypt') });
  expect(await world.keys('repo')).toEqual([]);
});
