import { afterEach, describe, expect, test } from 'vitest';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';
import { WireFault } from '../../../src/catalog/hive/faults.js';
import { fields, getText, text } from '../../../src/catalog/hive/fields.js';
import { HiveSession, type SessionOptions } from '../../../src/catalog/hive/session.js';
import { reply, type Script, type ScriptedServer, startServer, unknownMethod } from './server.js';

const NONE = fields([]);
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start(script: Script): Promise<ScriptedServer> {
  const server = await startServer(script);
  open.push(server);
  return server;
}

function sessionOf(uris: string, changes: Partial<SessionOptions> = {}): HiveSession {
  const timeouts = { connect: 1000, read: 1000, write: 1000 };
  const session = new HiveSession({
    endpoints: parseEndpoints(uris),
    framed: false,
    tls: undefined,
    timeouts,
    user: undefined,
    ...changes,
  });
  open.push(session);
  return session;
}

const echo: Script = (call) => reply(call, text(call.method));
const fault = (call: Promise<unknown>) => call.then(() => undefined).catch((reason: unknown) => reason as WireFault);

describe('several servers', () => {
  test('the first that accepts a connection is used', async () => {
    const dead = await startServer(echo);
    await dead.close();
    const [first, second] = [await start(echo), await start(echo)];
    const session = sessionOf(`${dead.uri},${first.uri},${second.uri}`);
    expect(getText(await session.call('get_x', NONE, {}), 0)).toBe('get_x');
    expect([first.calls.length, second.calls.length]).toEqual([1, 0]);
  });

  test('when none does, all are named', async () => {
    const servers = [await startServer(echo), await startServer(echo)];
    for (const server of servers) await server.close();
    const error = await fault(sessionOf(servers.map(({ uri }) => uri).join(',')).call('get_x', NONE, {}));
    expect(error).toMatchObject({ outcome: 'not-sent', reason: 'connect' });
    for (const { uri } of servers) expect(error?.message).toContain(`${uri}: connection refused`);
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

describe('a write', () => {
  test('goes out on a connection of its own, once', async () => {
    const server = await start((call) => (call.method === 'create' ? void call.socket.destroy() : echo(call)));
    const session = sessionOf(server.uri);
    await session.call('get_a', NONE, {});
    expect(await fault(session.call('create', NONE, { write: true }))).toMatchObject({ outcome: 'unknown' });
    await session.call('get_b', NONE, {});
    expect(server.calls.map(({ method, connection }) => `${method} ${connection}`)).toEqual(['get_a 0', 'create 1', 'get_b 0']);
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
