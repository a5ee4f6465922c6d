import { describe, expect, onTestFinished, test } from 'vitest';
import { WireFault } from '../../../src/catalog/hive/faults.js';
import { fields, getText } from '../../../src/catalog/hive/fields.js';
import { nothingOpen } from './faults/harness.js';
import { reply, startRaw, unknownMethod } from './server.js';
import { echo, fault, sessionOf, start } from './session-of.js';

const NONE = fields([]);
describe('closing', () => {
  test('ends a connection that is being made, and leaves nothing open', async () => {
    const server = await startRaw(() => {});
    const session = sessionOf(server.uri, { tls: {}, timeouts: { connect: 60_000, read: 1000, write: 1000 } });
    const calls = [fault(session.call('get_a', NONE, {})), fault(session.call('create', NONE, { write: true }))];
    await new Promise((resolve) => setTimeout(resolve, 20));
    session.close();
    for (const call of calls) expect(await call).toMatchObject({ outcome: 'not-sent', reason: 'closed' });
    await server.close();
    await nothingOpen();
  });

  test('ends calls that are under way for good: none is sent again on a new connection', async () => {
    const server = await start((call) => (call.method === 'get_a' ? echo(call) : undefined));
    const session = sessionOf(server.uri);
    await session.call('get_a', NONE, {});
    const calls = [fault(session.call('get_b', NONE, {})), fault(session.call('create', NONE, { write: true }))];
    await expect.poll(() => server.calls.length).toBe(3);
    session.close();
    for (const call of calls) expect(await call).toMatchObject({ reason: 'closed' });
    expect(await fault(session.call('get_a', NONE, {}))).toMatchObject({ outcome: 'not-sent', reason: 'closed' });
    expect(server.calls).toHaveLength(3);
  });
});

describe('an abort while connecting', () => {
  test('ends the call it belongs to, and no other that waits for the same connection', async () => {
    let answer = () => {};
    const server = await start((call) => {
      if (call.method !== 'set_ugi') return echo(call);
      answer = () => call.socket.write(reply(call));
      return undefined;
    });
    const session = sessionOf(server.uri, { user: 'carla' });
    const abort = new AbortController();
    const mine = fault(session.call('get_a', NONE, { signal: abort.signal }));
    const other = session.call('get_b', NONE, {});
    await expect.poll(() => server.calls.length).toBe(1);
    abort.abort();
    expect(await mine).toMatchObject({ outcome: 'not-sent', reason: 'aborted' });
    answer();
    expect(getText(await other, 0)).toBe('get_b');
    expect(server.calls.map(({ method }) => method)).toEqual(['set_ugi', 'get_b']);
  });

  test('of a write ends it', async () => {
    const server = await startRaw(() => {});
    onTestFinished(() => server.close());
    const abort = new AbortController();
    const session = sessionOf(server.uri, { tls: {}, timeouts: { connect: 60_000, read: 1000, write: 1000 } });
    const call = fault(session.call('create', NONE, { write: true, signal: abort.signal }));
    abort.abort();
    expect(await call).toMatchObject({ outcome: 'not-sent', reason: 'aborted' });
  });
});

describe('a connection that was idle for long', () => {
  test('is not trusted any more: what lies between may have forgotten it, and would not say so', async () => {
    const server = await start(echo);
    const session = sessionOf(server.uri, { maxIdleMs: 20 });
    await session.call('get_a', NONE, {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    await session.call('get_b', NONE, {});
    expect(server.calls.map(({ connection }) => connection)).toEqual([0, 1]);
  });

  test('but one in use is kept', async () => {
    const server = await start(echo);
    const session = sessionOf(server.uri);
    for (let call = 0; call < 3; call += 1) await session.call('get_a', NONE, {});
    expect(server.calls.map(({ connection }) => connection)).toEqual([0, 0, 0]);
  });
});

describe('a connection that the server dropped while idle', () => {
  test('costs a read nothing, noticed or not', async () => {
    const server = await start((call) => {
      // The first connection dies on its second call, before any answer.
      if (call.connection === 0 && call.seqid === 2) return void call.socket.destroy();
      return echo(call);
    });
    const session = sessionOf(server.uri);
    await session.call('get_a', NONE, {});
    expect(getText(await session.call('get_b', NONE, {}), 0)).toBe('get_b');
    server.calls.at(-1)?.socket.end();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(getText(await session.call('get_c', NONE, {}), 0)).toBe('get_c');
    expect(server.calls.map(({ method, connection }) => `${method} ${connection}`)).toEqual([
      'get_a 0',
      'get_b 0',
      'get_b 1',
      'get_c 2',
    ]);
  });

  test('a read is tried twice, not for ever', async () => {
    const server = await start((call) => (call.method === 'get_a' ? echo(call) : void call.socket.destroy()));
    const session = sessionOf(server.uri);
    await session.call('get_a', NONE, {});
    expect(await fault(session.call('get_b', NONE, {}))).toMatchObject({ outcome: 'unknown', reason: 'closed' });
    expect(server.calls).toHaveLength(3);
  });
});

test('an attempt to connect that failed is not remembered: the next call makes another', async () => {
  let up = false;
  const server = await start((call) => (up || call.method !== 'set_ugi' ? echo(call) : void call.socket.destroy()));
  const session = sessionOf(server.uri, { user: 'carla' });
  const both = [fault(session.call('get_a', NONE, {})), fault(session.call('get_b', NONE, {}))];
  for (const call of both) expect(await call).toMatchObject({ outcome: 'not-sent' });
  up = true;
  expect(getText(await session.call('get_c', NONE, {}), 0)).toBe('get_c');
});

describe('a write', () => {
  test('goes out on a connection of its own, once', async () => {
    const server = await start((call) => (call.method === 'create' ? void call.socket.destroy() : echo(call)));
    const session = sessionOf(server.uri);
    await session.call('get_a', NONE, {});
    expect(await fault(session.call('create', NONE, { write: true }))).toMatchObject({ outcome: 'unknown' });
    await session.call('get_b', NONE, {});
    await fault(session.call('create', NONE, { write: true }));
    // Connection 2: the server was understood before, so nobody has asked it why it closes.
    expect(server.calls.map(({ method, connection }) => `${method} ${connection}`)).toEqual([
      'get_a 0',
      'create 1',
      'get_b 0',
      'create 2',
    ]);
  });
});

describe('a user', () => {
  test('is introduced on each connection before anything else', async () => {
    const server = await start(echo);
    const session = sessionOf(server.uri, { user: 'carla' });
    await session.call('get_a', NONE, {});
    await session.call('create', NONE, { write: true });
    expect(server.calls.map(({ method, connection }) => `${method} ${connection}`)).toEqual([
      'set_ugi 0',
      'get_a 0',
      'set_ugi 1',
      'create 1',
    ]);
    expect(getText(server.calls[0]?.args ?? NONE, 1)).toBe('carla');
  });

  test('a server that does not know set_ugi is no trouble; one that falls silent is not-sent for a write', async () => {
    const old = await start((call) => (call.method === 'set_ugi' ? unknownMethod(call) : echo(call)));
    expect(getText(await sessionOf(old.uri, { user: 'carla' }).call('get_a', NONE, {}), 0)).toBe('get_a');
    const silent = await start(() => undefined);
    const error = await fault(sessionOf(silent.uri, { user: 'carla' }).call('create', NONE, { write: true }));
    expect(error).toBeInstanceOf(WireFault);
    expect(error).toMatchObject({ outcome: 'not-sent', reason: 'timeout' });
  });
});
