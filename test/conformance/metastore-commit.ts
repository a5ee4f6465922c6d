import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { HiveClient } from '../../src/catalog/hive/client.js';
import { isServerException } from '../../src/catalog/hive/faults.js';
import { getTextMap, withTexts } from '../../src/catalog/hive/fields.js';
import { withTableLock } from '../../src/catalog/hive/locks.js';
import type { ThriftStruct } from '../../src/catalog/hive/struct.js';
import { swapMetadata } from '../../src/catalog/hive/swap.js';
import { BcnError } from '../../src/errors.js';
import { plainStruct } from '../catalog/hive/plain-struct.js';
import { richTable } from '../catalog/hive/rich-table.js';
import type { MetastoreUnderTest } from './metastore.js';
import { failure, identOf, locksOf } from './metastore-locks.js';

/** swapMetadata, against real servers. */
export function commitConformance(subject: () => MetastoreUnderTest, contention: boolean): void {
  let made = 0;
  const at = async (location: string): Promise<string> => {
    const { client, database, folder } = subject();
    const table = `swap_${++made}`;
    await client.createTable(withTexts(richTable({ database, folder }, table), 9, { metadata_location: location }), {});
    return table;
  };
  const read = async (table: string): Promise<ThriftStruct> =>
    (await subject().client.getTable(subject().database, table, {})) ?? expect.fail('no such table');
  const pointer = async (table: string) => getTextMap(await read(table), 9).get('metadata_location');
  const commit = (client: HiveClient, table: string, expected: string, replacement: string) =>
    swapMetadata(
      client,
      { ident: identOf(subject(), table), expected, replacement },
      { uri: subject().uri, rereadDelays: [0, 100, 300] },
    );

  describe('the commit', () => {
    const A = 's3a://bucket/00001-a.metadata.json';
    const B = 's3a://bucket/00002-b.metadata.json';
    const C = 's3a://bucket/00003-c.metadata.json';
    test('moves the pointer and nothing else', async () => {
      const on = subject();
      const table = await at(A);
      const before = await read(table);
      expect(await commit(on.client, table, A, B)).toBe('swapped');
      expect(await commit(on.client, table, A, B)).toBe('already');
      expect(await commit(on.client, table, B, C)).toBe('swapped');
      const expected = withTexts(before, 9, { metadata_location: C, previous_metadata_location: B });
      expect(plainStruct(await read(table))).toEqual(plainStruct(expected));
      expect(await locksOf(on, table)).toEqual([]);
    });

    test('loses against a writer that was faster, with a lock or without', async () => {
      const on = subject();
      const table = await at(A);
      await commit(on.client, table, A, C);
      expect(await failure(commit(on.client, table, A, B))).toMatchObject({ code: 'commit-conflict', object: C });
      expect(await pointer(table)).toBe(C);
    });

    test('is found out when its answer is lost, and not repeated', async () => {
      const on = subject();
      const table = await at(A);
      const { client, methods } = await on.watched((method) => (/^alter_table/.test(method) ? 'swallow' : 'pass'));
      expect(await commit(client, table, A, B)).toBe('swapped');
      expect(await pointer(table)).toBe(B);
      expect(methods.filter((method) => /^alter_table/.test(method))).toHaveLength(1);
    });

    test('is unknown when it never arrives, and the table is as it was', async () => {
      const on = subject();
      const table = await at(A);
      const { client } = await on.watched((method) => (/^alter_table/.test(method) ? 'cut' : 'pass'));
      expect(await failure(commit(client, table, A, B))).toMatchObject({ code: 'commit-unknown', exit: 24 });
      expect(await pointer(table)).toBe(A);
      expect(await locksOf(on, table)).toEqual([]);
    });

    test('of a table that is gone', async () => {
      const on = subject();
      expect(await failure(commit(on.client, 'none', A, B))).toMatchObject({ code: 'table-not-found' });
    });

    const howMany = contention ? 'of several writers at once' : 'of several writers, one after the other,';
    test(`${howMany} exactly one wins, round after round`, async () => {
      const on = subject();
      const table = await at(A);
      const writers = Array.from({ length: contention ? 4 : 2 }, () => on.another());
      let base = A;
      for (let round = 1; round <= 6; round++) {
        const wanted = writers.map((_, index) => `s3a://bucket/${round}-${index}.metadata.json`);
        const write = (index: number) => commit(writers[index] ?? on.client, table, base, wanted[index] ?? '');
        const won = await winners(wanted, contention, write);
        expect(won).toHaveLength(1);
        base = won[0] ?? '';
        expect(await pointer(table)).toBe(base);
      }
      expect(await locksOf(on, table)).toEqual([]);
    });

    if (!contention) return;

    // Where the server checks the expected value itself; the others cannot keep out a writer that takes no lock.
    test('beside writers that take no lock, but say what they expect, still exactly one wins', async () => {
      const on = subject();
      const table = await at(A);
      let base = A;
      const unlocked = async (replacement: string) => {
        const fence = { expected_parameter_key: 'metadata_location', expected_parameter_value: base };
        const read = (await on.client.getTable(on.database, table, {})) ?? new Map();
        if (getTextMap(read, 9).get('metadata_location') !== base) throw new BcnError('commit-conflict', 'moved');
        const changed = withTexts(read, 9, { metadata_location: replacement, previous_metadata_location: base });
        await on.another().alterTable(on.database, table, changed, new Map(Object.entries(fence)), {});
      };
      for (let round = 1; round <= 6; round++) {
        const wanted = ['a', 'b', 'c', 'd'].map((each) => `s3a://bucket/${round}-${each}.metadata.json`);
        const write = (index: number) =>
          index < 2 ? commit(on.another(), table, base, wanted[index] ?? '') : unlocked(wanted[index] ?? '');
        const won = await winners(wanted, contention, write);
        expect(won).toHaveLength(1);
        base = won[0] ?? '';
        expect(await pointer(table)).toBe(base);
      }
    });

    test('never two at work under one lock', async () => {
      const on = subject();
      let inside = 0;
      const most: number[] = [];
      const work = async () => {
        most.push(++inside);
        await sleep(20);
        inside -= 1;
      };
      const writers = Array.from({ length: 5 }, () => on.another());
      await Promise.all(writers.map((each) => withTableLock(each, identOf(on, 'exclusive'), work, { uri: on.uri })));
      expect(most).toEqual([1, 1, 1, 1, 1]);
    });
  });
}

/** Who was told that it won; all others must have been told of a conflict. */
async function winners(
  wanted: readonly string[],
  atOnce: boolean,
  write: (index: number) => Promise<unknown>,
): Promise<readonly string[]> {
  const outcomes: PromiseSettledResult<unknown>[] = [];
  if (atOnce) outcomes.push(...(await Promise.allSettled(wanted.map((_, index) => write(index)))));
  else for (const index of wanted.keys()) outcomes.push(...(await Promise.allSettled([write(index)])));
  for (const each of outcomes) {
    if (each.status === 'rejected' && !isServerException(each.reason, 'MetaException')) {
      expect(each.reason).toMatchObject({ code: 'commit-conflict' });
    }
  }
  return wanted.filter((_, index) => outcomes[index]?.status === 'fulfilled');
}
