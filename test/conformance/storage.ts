import { beforeAll, describe } from 'vitest';
import { errors } from './storage-parts/errors.js';
import { keys } from './storage-parts/keys.js';
import { listing } from './storage-parts/listing.js';
import { ranges } from './storage-parts/ranges.js';
import type { StorageFixture } from './storage-parts/tools.js';
import { writes } from './storage-parts/writes.js';

/** The contract of src/storage/port.ts, for every adapter. */
export function storageConformance(name: string, makeStore: () => Promise<StorageFixture>): void {
  describe(`storage conformance: ${name}`, () => {
    let made: StorageFixture;
    beforeAll(async () => {
      made = await makeStore();
    });
    for (const part of [writes, ranges, keys, listing, errors]) part(() => made);
  });
}
