import { afterEach, describe, expect, test } from 'vitest';
import { HiveClient } from '../../../src/catalog/hive/client.js';
import { fields, getStruct, getTextMap, int32, int64, struct, text, textMap } from '../../../src/catalog/hive/fields.js';
import { encodeStruct, type ThriftStruct } from '../../../src/catalog/hive/struct.js';
import { type SwapOptions, swapMetadata } from '../../../src/catalog/hive/swap.js';
import { FakeMetastore } from './fake.js';
import { FakeLocks } from './fake-locks.js';
import { message, type ReceivedCall, startServer, thrown } from './server.js';
import { sessionOf } from './session-of.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const ident = { namespace: ['db'], name: 't' };
const A = 's3a://warehouse/t/metadata/00001-a.metadata.json';
const B = 's3a://warehouse/t/metadata/00002-b.metadata.json';
const THEIRS = 's3a://warehouse/t/metadata/00002-theirs.metadata.json';
const ALTER = 'alter_table_with_environment_context';
const CLOB = "Comparisons between 'CLOB (UCS_BASIC)' and 'CLOB (UCS_BASIC)' are not supported.";

/** An entry with more than this client knows. */
function entry(current: string, previous?: string): ThriftStruct {
  const pointers: [string, string][] = [['metadata_location', current]];
  if (previous !== undefined) pointers.push(['previous_metadata_location', previous]);
  return fields([
    [1, text('t')],
    [9, textMap([['table_type', 'ICEBERG'], ...pointers, ['owner note', 'é']])],
    [19, int64(9_223_372_036_854_775_807n)],
    [99, struct(fields([[7, int32(5)]]))],
  ]);
}

interface World {
  readonly fake: FakeMetastore;
  /** As a writer that takes no lock would. */
  become(current: string, previous?: string): void;
}

/** What the server does with the n-th alter; `normal` = what it should, undefined = no answer. */
type Odd = (call: ReceivedCall, world: World, attempt: number) => Buffer | 'normal' | undefined;

async function start(
  odd: Odd = () => 'normal',
  others: (call: ReceivedCall, world: World) => Buffer | undefined = () => undefined,
) {
  const fake = new FakeMetastore();
  const locks = new FakeLocks();
  const world: World = { fake, become: (current, previous) => fake.tables.set('t', entry(current, previous)) };
  world.become(A);
  let attempts = 0;
  const server = await startServer((call) => {
    if (call.method === ALTER) {
      const answer = odd(call, world, ++attempts);
      return answer === 'normal' ? fake.answer(call) : answer;
    }
    return others(call, world) ?? locks.answer(call) ?? fake.answer(call);
  });
  const session = sessionOf(server.uri, { timeouts: { connect: 1000, read: 300, write: 300 } });
  open.push(server);
  const client = new HiveClient(session);
  const swap = (expected = A, replacement = B, options: Pick<SwapOptions, 'signal' | 'heartbeatMs'> = {}) =>
    swapMetadata(client, { ident, expected, replacement }, { uri: server.uri, rereadDelays: [0, 10, 500], ...options });
  const failure = (call: Promise<unknown>) =>
    call.then(
      (value) => ({ value }),
      (error: unknown) => error,
    );
  const alters = () => server.calls.filter(({ method }) => method === ALTER);
  const names = () => getTextMap(fake.tables.get('t') ?? new Map(), 9).get('metadata_location');
  return { client, fake, locks, server, swap, refused: () => failure(swap()), failure, alters, names };
}

const environment = (call: ReceivedCall | undefined) => getTextMap(getStruct(call?.args ?? new Map(), 4) ?? new Map(), 1);

/** The server does it, and its answer is lost. */
const swallow: Odd = (call, { fake }) => {
  fake.alter(call);
  call.socket.destroy();
  return undefined;
};
/** The call never gets there. */
const lose: Odd = (call) => {
  call.socket.destroy();
  return undefined;
};

describe('a swap', () => {
  test('changes the pointers, and not another byte of the entry', async () => {
    const { fake, locks, server, swap } = await start();
    fake.tables.set('t', entry(A, 's3a://warehouse/t/metadata/00000-z.metadata.json'));
    expect(await swap()).toBe('swapped');
    expect(encodeStruct(fake.tables.get('t') ?? new Map())).toEqual(encodeStruct(entry(B, A)));
    expect(server.calls.map(({ method }) => method)).toEqual(['lock', 'get_table_req', ALTER, 'unlock']);
    expect(locks.queue).toEqual([]);
  });

  test('gives a table that never had a previous pointer one, after all it has', async () => {
    const { fake, swap } = await start();
    await swap();
    const parameters = [...getTextMap(fake.tables.get('t') ?? new Map(), 9)];
    expect(parameters).toEqual([
      ['table_type', 'ICEBERG'],
      ['metadata_location', B],
      ['owner note', 'é'],
      ['previous_metadata_location', A],
    ]);
  });

  test('sends what it expects along, and wants no totals added', async () => {
    const { alters, swap } = await start();
    await swap();
    expect(Object.fromEntries(environment(alters()[0]))).toEqual({
      DO_NOT_UPDATE_STATS: 'true',
      expected_parameter_key: 'metadata_location',
      expected_parameter_value: A,
    });
  });

  test('that was made before is done', async () => {
    const { alters, swap } = await start();
    await swap();
    expect(await swap()).toBe('already');
    expect(alters()).toHaveLength(1);
  });

  test('of a table that moved on is a conflict, and nothing is sent', async () => {
    const { alters, locks, refused, swap, failure } = await start();
    await swap(A, THEIRS);
    expect(await refused()).toMatchObject({ code: 'commit-conflict', exit: 24, table: 'db.t', object: THEIRS });
    expect(await failure(swap(B, A))).toMatchObject({ code: 'commit-conflict' });
    expect(alters()).toHaveLength(1);
    expect(locks.queue).toEqual([]);
  });

  test('of a table that is not there', async () => {
    const { fake, refused } = await start();
    fake.tables.delete('t');
    fake.tables.set('tt', entry(A));
    expect(await refused()).toMatchObject({ code: 'table-not-found', hint: expect.stringContaining('"tt"') });
  });

  test('of an entry that is no Iceberg table is a conflict', async () => {
    const { fake, refused } = await start();
    fake.tables.set('t', fields([[1, text('t')]]));
    expect(await refused()).toMatchObject({ code: 'commit-conflict', message: expect.stringContaining('no metadata file') });
  });
});

describe('a refusal is judged by reading the entry', () => {
  test('a writer without a lock was faster: conflict', async () => {
    const { refused, names } = await start((_call, world) => {
      world.become(THEIRS, A);
      return 'normal';
    });
    expect(await refused()).toMatchObject({ code: 'commit-conflict', object: THEIRS });
    expect(names()).toBe(THEIRS);
  });

  test('the table was dropped meanwhile: conflict', async () => {
    const { refused } = await start((_call, { fake }) => {
      fake.tables.delete('t');
      return 'normal';
    });
    expect(await refused()).toMatchObject({ code: 'commit-conflict', message: expect.stringContaining('no metadata file') });
  });

  test('“modified”, and yet it was made, by the server’s own second attempt', async () => {
    const { swap } = await start((call, { fake }) => {
      fake.alter(call);
      return thrown(call, 2, "The table has been modified. The parameter value for key 'metadata_location' is different");
    });
    expect(await swap()).toBe('swapped');
  });

  test('“modified”, and yet nothing was: the server’s fault, in its words, and nothing is tried again', async () => {
    const { alters, refused, server } = await start((call) => thrown(call, 2, 'The table has been modified. Or so.'));
    expect(await refused()).toMatchObject({ code: 'catalog-unavailable', message: expect.stringContaining('Or so.') });
    expect(alters()).toHaveLength(1);
    expect(server.calls.filter(({ method }) => method === 'get_table_req')).toHaveLength(2);
  });

  test('a way back is not taken for made because the pointer before is the one wanted', async () => {
    const { failure, fake, swap } = await start((call) => thrown(call, 2, 'no'));
    fake.tables.set('t', entry(B, A));
    expect(await failure(swap(B, A))).toMatchObject({ code: 'catalog-unavailable' });
  });

  test('or is unknown when that cannot be read', async () => {
    let refusing = false;
    const { refused } = await start(
      (call) => {
        refusing = true;
        return thrown(call, 2, 'no');
      },
      (call) => (refusing && call.method === 'get_table_req' ? thrown(call, 1, 'the database is down') : undefined),
    );
    expect(await refused()).toMatchObject({ code: 'commit-unknown', message: expect.stringContaining('MetaException: no') });
  });
});

describe('Derby under 4.0.1 cannot compare', () => {
  test('sent again without the expectation, under the same lock', async () => {
    const { alters, names, server, swap } = await start((call, _world, attempt) =>
      attempt === 1 ? thrown(call, 2, `JDODataStoreException … ${CLOB}`) : 'normal',
    );
    expect(await swap()).toBe('swapped');
    expect(names()).toBe(B);
    expect(alters().map((call) => [...environment(call).keys()].length)).toEqual([3, 1]);
    expect(server.calls.filter(({ method }) => method === 'lock')).toHaveLength(1);
  });

  test('not when the table moved on meanwhile', async () => {
    const { alters, refused } = await start((call, world) => {
      world.become(THEIRS, A);
      return thrown(call, 2, CLOB);
    });
    expect(await refused()).toMatchObject({ code: 'commit-conflict' });
    expect(alters()).toHaveLength(1);
  });

  test('once only', async () => {
    const { alters, refused } = await start((call) => thrown(call, 2, CLOB));
    expect(await refused()).toMatchObject({ code: 'catalog-unavailable' });
    expect(alters()).toHaveLength(2);
  });
});

describe('no answer', () => {
  test('made: read back and found', async () => {
    const { alters, locks, swap } = await start(swallow);
    expect(await swap()).toBe('swapped');
    expect([alters().length, locks.queue]).toEqual([1, []]);
  });

  test('made, and somebody committed on top', async () => {
    const { swap } = await start((call, world, attempt) => {
      swallow(call, world, attempt);
      world.become(THEIRS, B);
      return undefined;
    });
    expect(await swap()).toBe('swapped');
  });

  test('made a while later: read until it is there', async () => {
    const { swap } = await start((call, { fake }) => {
      setTimeout(() => fake.alter(call), 100);
      call.socket.destroy();
      return undefined;
    });
    expect(await swap()).toBe('swapped');
  });

  test('the first looks fail: looked at again', async () => {
    let looks = 0;
    const { swap } = await start(swallow, (call) => {
      if (call.method !== 'get_table_req' || ++looks !== 2) return undefined;
      call.socket.destroy();
      return Buffer.alloc(0);
    });
    expect(await swap()).toBe('swapped');
  });

  test('not made so far: unknown, never sent again', async () => {
    const { alters, locks, refused } = await start(lose);
    expect(await refused()).toMatchObject({ code: 'commit-unknown', exit: 24, retryable: true, table: 'db.t', object: B });
    expect([alters().length, locks.queue]).toEqual([1, []]);
  });

  test('another pointer than either: unknown, since ours may come yet', async () => {
    const { refused } = await start((call, world, attempt) => {
      world.become(THEIRS, A);
      return lose(call, world, attempt);
    });
    expect(await refused()).toMatchObject({ code: 'commit-unknown' });
  });

  test('from then on: unknown', async () => {
    let dead = false;
    const { refused } = await start(
      (call, { fake }) => {
        fake.alter(call);
        dead = true;
        call.socket.destroy();
        return undefined;
      },
      (call) => {
        if (!dead) return undefined;
        call.socket.destroy();
        return Buffer.alloc(0);
      },
    );
    expect(await refused()).toMatchObject({
      code: 'commit-unknown',
      hint: expect.stringContaining('Run the same command again'),
    });
  });

  test.each([
    ['made', true],
    ['not made', false],
  ])('interrupted, %s: read back all the same', async (_what, made) => {
    const controller = new AbortController();
    const { failure, locks, swap } = await start((call, { fake }) => {
      if (made) fake.alter(call);
      controller.abort();
      return undefined;
    });
    const outcome = await failure(swap(A, B, { signal: controller.signal }));
    expect(outcome).toMatchObject(made ? { value: 'swapped' } : { code: 'commit-unknown' });
    expect(locks.queue).toEqual([]);
  });
});

describe('a change that was never sent', () => {
  test('is no unknown one: interrupted before it', async () => {
    const controller = new AbortController();
    const { alters, client, failure, locks, server, swap } = await start();
    const read = client.getTable.bind(client);
    client.getTable = async (...args) => {
      const table = await read(...args);
      controller.abort();
      return table;
    };
    expect(await failure(swap(A, B, { signal: controller.signal }))).toMatchObject({ code: 'interrupted' });
    expect([alters(), locks.queue]).toEqual([[], []]);
    expect(server.calls.filter(({ method }) => method === 'get_table_req')).toHaveLength(1);
  });

  test('because the lock was lost before it', async () => {
    const world = await start(undefined, (call) => {
      if (call.method !== 'get_table_req') return undefined;
      world.locks.queue = [];
      setTimeout(() => call.socket.write(world.fake.answer(call)), 150);
      return Buffer.alloc(0);
    });
    const outcome = await world.failure(world.swap(A, B, { heartbeatMs: 20 }));
    expect(outcome).toMatchObject({ code: 'commit-unknown', message: expect.stringContaining('lock') });
    expect(world.alters()).toEqual([]);
    expect(world.names()).toBe(A);
  });
});

test('a message of another kind than expected is not a refusal', async () => {
  const { refused } = await start((call) => message(2, call.method, call.seqid, fields([[7, text('?')]])));
  expect(await refused()).toMatchObject({ code: 'commit-unknown', message: expect.stringContaining('unreadable answer') });
});
