import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { HiveClient } from '../../../src/catalog/hive/client.js';
import { fields, getInt32, getStruct, getStructList, getText, int32, text } from '../../../src/catalog/hive/fields.js';
import { type TableLockOptions, withTableLock } from '../../../src/catalog/hive/locks.js';
import { BcnError } from '../../../src/errors.js';
import { FakeLocks, lockResponse } from './fake-locks.js';
import { message, type ReceivedCall, reply, type ScriptedServer, startServer, thrown, unknownMethod } from './server.js';
import { sessionOf } from './session-of.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const IDENT = { namespace: ['db'], name: 't' };

/** What the server does instead of what it should; `normal` = what it should, undefined = no answer. */
type Odd = (call: ReceivedCall, locks: FakeLocks) => Buffer | 'normal' | undefined;

async function start(odd: Odd = () => 'normal') {
  const locks = new FakeLocks();
  const server = await startServer((call) => {
    const answer = odd(call, locks);
    return answer === 'normal' ? (locks.answer(call) ?? unknownMethod(call)) : answer;
  });
  const session = sessionOf(server.uri, { timeouts: { connect: 1000, read: 300, write: 300 } });
  open.push(server);
  const client = new HiveClient(session);
  const run = <Result>(work: (signal: AbortSignal) => Promise<Result>, options: Partial<TableLockOptions> = {}) =>
    withTableLock(client, IDENT, work, { uri: server.uri, waitMs: 5000, ...options });
  return { locks, server, run };
}

const sent = (server: ScriptedServer, ...methods: string[]): ReceivedCall[] =>
  server.calls.filter(({ method }) => methods.includes(method));
const order = (server: ScriptedServer): string[] => server.calls.map(({ method }) => method);
const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
/** Work that ends when it is told to. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(new BcnError('interrupted', 'stopped')), { once: true });
  });
const internalError = (call: ReceivedCall): Buffer =>
  message(
    3,
    call.method,
    call.seqid,
    fields([
      [1, text(`Internal error processing ${call.method}`)],
      [2, int32(6)],
    ]),
  );

describe('a lock', () => {
  test('is taken, held while the work runs, and given back', async () => {
    const { locks, server, run } = await start();
    expect(await run(async () => locks.queue.length)).toBe(1);
    expect(locks.queue).toEqual([]);
    expect(order(server)).toEqual(['lock', 'unlock']);
  });

  test('is exclusive, of the table, and every request has a name of its own', async () => {
    const { server, run } = await start();
    await run(async () => {}, { user: 'carla' });
    await run(async () => {});
    const requests = sent(server, 'lock').map(({ args }) => getStruct(args, 1) ?? new Map());
    const component = getStructList(requests[0] ?? new Map(), 1)[0] ?? new Map();
    expect([getInt32(component, 1), getInt32(component, 2), getInt32(component, 6)]).toEqual([3, 2, 6]);
    expect([getText(component, 3), getText(component, 4), getText(requests[0] ?? new Map(), 3)]).toEqual(['db', 't', 'carla']);
    const names = requests.map((request) => getText(request, 5));
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^bcn-[0-9a-f-]{36}$/);
  });

  test('is waited for while somebody else has it', async () => {
    const { locks, server, run } = await start();
    const theirs = locks.taken();
    const running = run(async () => locks.queue.length);
    while (sent(server, 'check_lock').length < 3) await sleep(5);
    locks.queue = locks.queue.filter(({ id }) => id !== theirs);
    expect(await running).toBe(1);
    expect(locks.queue).toEqual([]);
  });

  test('that is not had in time is busy, with who has it, and leaves no place in the queue', async () => {
    const { locks, run } = await start();
    locks.taken('spark-1');
    let ran = false;
    const error = await failure(
      run(
        async () => {
          ran = true;
        },
        { waitMs: 100 },
      ),
    );
    expect(error).toMatchObject({ code: 'busy', exit: 11, retryable: true, table: 'db.t' });
    expect(error).toHaveProperty(
      'message',
      expect.stringMatching(/by carla on host-7 \(lock 1, spark-1, last heard of 2025-11-21T00:00:00.000Z\)/),
    );
    expect(ran).toBe(false);
    expect(locks.queue.map(({ agentInfo }) => agentInfo)).toEqual(['spark-1']);
  });

  test('whose holder cannot be read is busy all the same', async () => {
    const { locks, run } = await start((call) => (call.method === 'show_locks' ? unknownMethod(call) : 'normal'));
    locks.taken();
    expect(await failure(run(async () => {}, { waitMs: 60 }))).toMatchObject({
      code: 'busy',
      message: expect.stringContaining('somebody else'),
    });
  });

  test('is not said to be held by ourselves when the other one just left', async () => {
    const { locks, run } = await start((call, each) => {
      if (call.method === 'show_locks') each.queue = each.queue.filter(({ agentInfo }) => agentInfo !== 'theirs');
      return 'normal';
    });
    locks.taken();
    expect(await failure(run(async () => {}, { waitMs: 60 }))).toMatchObject({
      message: expect.stringContaining('somebody else'),
    });
    expect(locks.queue).toEqual([]);
  });

  test.each([
    [3, 'aborted'],
    [4, 'not-acquired'],
  ])('that the server refuses (state %i) is busy, in its words', async (state, word) => {
    const { server, run } = await start((call, locks) =>
      call.method === 'lock' ? reply(call, lockResponse(locks.enter(call).id, state, 'deadlock')) : 'normal',
    );
    const error = await failure(run(async () => {}));
    expect(error).toMatchObject({ code: 'busy', message: expect.stringContaining(`(${word}): deadlock`) });
    expect(order(server)).toEqual(['lock', 'unlock']);
  });

  test.each<[string, ReturnType<typeof lockResponse> | undefined]>([
    ['a state that does not exist', lockResponse(1n, 9)],
    ['no result', undefined],
  ])('%s is an unreadable answer, and the lock is given back', async (_what, response) => {
    const { locks, run } = await start((call, each) => {
      if (call.method !== 'lock') return 'normal';
      each.enter(call);
      return reply(call, response);
    });
    expect(await failure(run(async () => {}))).toMatchObject({ code: 'catalog-unavailable' });
    expect(locks.queue).toEqual([]);
  });

  test('that the server forgets while it waits is an error', async () => {
    const { locks, run } = await start((call) => (call.method === 'check_lock' ? thrown(call, 3, 'gone') : 'normal'));
    locks.taken();
    expect(await failure(run(async () => {}))).toMatchObject({
      code: 'catalog-unavailable',
      message: expect.stringContaining('NoSuchLockException'),
    });
    expect(locks.queue).toHaveLength(1);
  });
});

describe('a lock call without an answer', () => {
  test.each<[string, Odd]>([
    [
      'the connection breaks',
      (call, locks) => {
        if (call.method !== 'lock') return 'normal';
        locks.enter(call);
        call.socket.destroy();
        return undefined;
      },
    ],
    [
      'silence; the server enters it later',
      (call, locks) => {
        if (call.method !== 'lock') return 'normal';
        setTimeout(() => locks.enter(call), 400);
        return undefined;
      },
    ],
    [
      'an internal error after it was entered',
      (call, locks) => {
        if (call.method !== 'lock') return 'normal';
        locks.enter(call);
        return internalError(call);
      },
    ],
  ])('%s: the lock is found by its name and given back, that of others stays', async (_what, odd) => {
    const { locks, server, run } = await start(odd);
    locks.taken();
    expect(await failure(run(async () => {}))).toMatchObject({ code: 'catalog-unavailable', table: 'db.t' });
    expect(locks.queue.map(({ agentInfo }) => agentInfo)).toEqual(['theirs']);
    expect(order(server).filter((method) => method === 'lock')).toHaveLength(1);
  });

  test('the first look at the locks fails: looked at again', async () => {
    let looks = 0;
    const { locks, run } = await start((call, each) => {
      if (call.method === 'show_locks') return ++looks === 1 ? internalError(call) : 'normal';
      if (call.method !== 'lock') return 'normal';
      each.enter(call);
      call.socket.destroy();
      return undefined;
    });
    expect(await failure(run(async () => {}))).toMatchObject({ code: 'catalog-unavailable' });
    expect(locks.queue).toEqual([]);
  });

  test('interrupted: given back all the same', async () => {
    const controller = new AbortController();
    const { locks, run } = await start((call, each) => {
      if (call.method !== 'lock') return 'normal';
      each.enter(call);
      controller.abort();
      return undefined;
    });
    expect(await failure(run(async () => {}, { signal: controller.signal }))).toMatchObject({ code: 'interrupted' });
    expect(locks.queue).toEqual([]);
  });

  test('that was never sent is not looked for', async () => {
    const { server, run } = await start();
    await server.close();
    open.splice(open.indexOf(server), 1);
    expect(await failure(run(async () => {}))).toMatchObject({
      code: 'catalog-unavailable',
      message: expect.stringContaining('connection refused'),
    });
  });

  test('a server without locks is unsupported', async () => {
    const { server, run } = await start((call) => (call.method === 'lock' ? unknownMethod(call) : 'normal'));
    expect(await failure(run(async () => {}))).toMatchObject({ code: 'catalog-unsupported' });
    expect(order(server)).toEqual(['lock']);
  });
});

describe('giving it back', () => {
  test('after work that failed, whose error it is', async () => {
    const { locks, run } = await start();
    const error = new BcnError('commit-conflict', 'no');
    expect(await failure(run(() => Promise.reject(error)))).toMatchObject({ code: 'commit-conflict', message: 'no' });
    expect(locks.queue).toEqual([]);
  });

  test('one that is gone already is no error', async () => {
    const { locks, run } = await start();
    expect(
      await run(async () => {
        locks.queue = [];
        return 'done';
      }),
    ).toBe('done');
  });

  test('is tried again when the answer is lost', async () => {
    let unlocks = 0;
    const { locks, run } = await start((call) => {
      if (call.method !== 'unlock' || ++unlocks > 1) return 'normal';
      call.socket.destroy();
      return undefined;
    });
    expect(await run(async () => 'done')).toBe('done');
    expect([unlocks, locks.queue]).toEqual([2, []]);
  });

  test('in vain leaves the result as it is', async () => {
    const { run } = await start((call) => (call.method === 'unlock' ? internalError(call) : 'normal'));
    expect(await run(async () => 'done')).toBe('done');
  });

  test('also when the work was interrupted', async () => {
    const controller = new AbortController();
    const { locks, run } = await start();
    const running = run(untilAborted, { signal: controller.signal });
    while (locks.queue.length === 0) await sleep(5);
    controller.abort();
    expect(await failure(running)).toMatchObject({ code: 'interrupted' });
    expect(locks.queue).toEqual([]);
  });

  test('also when the waiting was interrupted', async () => {
    const controller = new AbortController();
    const { locks, server, run } = await start();
    locks.taken();
    const running = run(async () => {}, { signal: controller.signal });
    while (sent(server, 'check_lock').length === 0) await sleep(5);
    controller.abort();
    expect(await failure(running)).toMatchObject({ code: 'interrupted', exit: 130 });
    expect(locks.queue.map(({ agentInfo }) => agentInfo)).toEqual(['theirs']);
  });
});

describe('while the work runs', () => {
  test('the server hears from us, and a heartbeat that fails is sent again', async () => {
    let beats = 0;
    const { server, run } = await start((call) =>
      call.method === 'heartbeat' && ++beats === 1 ? internalError(call) : 'normal',
    );
    const work = async (signal: AbortSignal) => {
      while (sent(server, 'heartbeat').length < 4) await sleep(5);
      return signal.aborted;
    };
    expect(await run(work, { heartbeatMs: 40 })).toBe(false);
    const after = sent(server, 'heartbeat').length;
    await sleep(120);
    expect(sent(server, 'heartbeat')).toHaveLength(after);
  });

  test.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
    ['stops', untilAborted],
    ['ends well nevertheless', (signal) => untilAborted(signal).catch(() => 'done')],
  ])('a lock that the server dropped aborts the work, and is an error when the work %s', async (_what, work) => {
    const { locks, server, run } = await start();
    const dropping = (signal: AbortSignal) => {
      locks.queue = [];
      return work(signal);
    };
    expect(await failure(run(dropping, { heartbeatMs: 20 }))).toMatchObject({
      code: 'commit-unknown',
      exit: 24,
      table: 'db.t',
      message: expect.stringContaining('The lock of "db.t" was lost'),
    });
    expect(sent(server, 'heartbeat')).toHaveLength(1);
  });

  test('what the work found out itself wins over the loss', async () => {
    const { locks, run } = await start();
    const work = async (signal: AbortSignal) => {
      locks.queue = [];
      await untilAborted(signal).catch(() => undefined);
      throw new BcnError('commit-conflict', 'somebody else won');
    };
    expect(await failure(run(work, { heartbeatMs: 20 }))).toMatchObject({ code: 'commit-conflict' });
  });

  test('a server that no heartbeat reaches any more counts as a lost lock', async () => {
    const { server, run } = await start((call) => {
      if (call.method !== 'heartbeat') return 'normal';
      call.socket.destroy();
      return undefined;
    });
    expect(await failure(run(untilAborted, { heartbeatMs: 20 }))).toMatchObject({
      code: 'commit-unknown',
      message: expect.stringContaining('was lost'),
    });
    expect(sent(server, 'heartbeat').length).toBeGreaterThan(1);
  });
});
