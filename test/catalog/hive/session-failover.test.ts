import type { Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fields, getStruct, getText, text } from '../../../src/catalog/hive/fields.js';
import { describeWith } from '../../lab/lab.js';
import { type Script, type ScriptedServer, startRaw, startServer } from './server.js';
import { echo, fault, sessionOf, start } from './session-of.js';

const NONE = fields([]);
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

describe('several servers, when one fails', () => {
  const gone = async () => {
    const server = await startServer(echo);
    await server.close();
    return server.uri;
  };
  const silent: Script = () => undefined;
  const dropping: Script = (call) => void call.socket.destroy();
  const garbling: Script = () => Buffer.alloc(64, 0xff);
  const methods = (server: ScriptedServer) => server.calls.map(({ method }) => method).filter((name) => name !== 'getVersion');

  test.each([
    ['silent', silent],
    ['dropping', dropping],
    ['garbling', garbling],
  ])('a read moves on from a %s one, and the next calls do not go back to it', async (_what, script) => {
    const [first, second] = [await start(script), await start(echo)];
    const session = sessionOf(`${first.uri},${second.uri}`, { timeouts: { connect: 1000, read: 200, write: 1000 } });
    expect(getText(await session.call('get_a', NONE, {}), 0)).toBe('get_a');
    expect(getText(await session.call('get_b', NONE, { fresh: true }), 0)).toBe('get_b');
    expect(getText(await session.call('create', NONE, { write: true }), 0)).toBe('create');
    expect([methods(first), methods(second)]).toEqual([['get_a'], ['get_a', 'get_b', 'create']]);
  });

  test('one that dies between two calls: reads and writes move on', async () => {
    const [first, second] = [await startServer(echo), await start(echo)];
    const session = sessionOf(`${first.uri},${second.uri}`);
    await session.call('get_a', NONE, {});
    await first.close();
    expect(getText(await session.call('create', NONE, { write: true }), 0)).toBe('create');
    expect(getText(await session.call('get_b', NONE, {}), 0)).toBe('get_b');
    expect([methods(first), methods(second)]).toEqual([['get_a'], ['create', 'get_b']]);
  });

  test('a write on the wire is never sent to another; what follows asks the others first', async () => {
    for (const script of [silent, dropping, garbling]) {
      const [first, second] = [await start((call) => (call.method === 'create' ? script(call) : echo(call))), await start(echo)];
      const session = sessionOf(`${first.uri},${second.uri}`, { timeouts: { connect: 1000, read: 200, write: 200 } });
      const error = await fault(session.call('create', NONE, { write: true }));
      expect(error).toMatchObject({ outcome: 'unknown', message: expect.stringContaining(`${first.uri}: create: `) });
      expect(error?.message).not.toContain(second.uri);
      await session.call('get_a', NONE, { fresh: true });
      expect([methods(first), methods(second)]).toEqual([['create'], ['get_a']]);
    }
  });

  test.each([
    ['silent', silent],
    ['dropping', dropping],
    ['garbling', garbling],
  ])('a write is not given to a %s one at all', async (_what, script) => {
    const [first, second] = [await start(script), await start(echo)];
    const session = sessionOf(`${first.uri},${second.uri}`, { timeouts: { connect: 1000, read: 200, write: 1000 } });
    expect(getText(await session.call('create', NONE, { write: true }), 0)).toBe('create');
    expect([methods(first), methods(second)]).toEqual([[], ['create']]);
  });

  test('all down, each in its way: one message names each', async () => {
    const uris = [await gone(), (await start(silent)).uri, (await start(dropping)).uri];
    const session = sessionOf(uris.join(','), { timeouts: { connect: 1000, read: 200, write: 1000 } });
    const read = await fault(session.call('get_a', NONE, {}));
    expect(read).toMatchObject({ outcome: 'unknown', reason: 'timeout' });
    expect(read?.message).toMatch(
      new RegExp(
        `^${uris[0]}: connection refused; ${uris[1]}: get_a: no answer after 200 ms; ${uris[2]}: get_a: the server closed`,
      ),
    );
    const write = await fault(session.call('create', NONE, { write: true }));
    expect(write).toMatchObject({ outcome: 'not-sent' });
    for (const uri of uris) expect(write?.message).toContain(uri);
  });

  test('one that comes back is used again when the other fails', async () => {
    let up = false;
    const [first, second] = [await start((call) => (up ? echo(call) : dropping(call))), await startServer(echo)];
    const session = sessionOf(`${first.uri},${second.uri}`);
    await session.call('get_a', NONE, {});
    up = true;
    await second.close();
    expect(getText(await session.call('get_b', NONE, {}), 0)).toBe('get_b');
  });

  test('reads that wait for one connection all move on', async () => {
    const [first, second] = [await start(silent), await start(echo)];
    const session = sessionOf(`${first.uri},${second.uri}`, { timeouts: { connect: 1000, read: 200, write: 1000 } });
    const names = ['get_a', 'get_b', 'get_c'];
    const results = await Promise.all(names.map((name) => session.call(name, NONE, {})));
    expect(results.map((result) => getText(result, 0))).toEqual(names);
    expect(first.calls).toHaveLength(1);
  });
});

describeWith(['hms'], 'a real metastore behind others that are none', ({ hms }) => {
  test.each<[string, (socket: Socket) => void]>([
    ['silent', () => {}],
    ['closing', (socket) => socket.end()],
    ['speaking HTTP', (socket) => socket.once('data', () => socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n'))],
  ])('%s: reads and writes reach it', async (_what, accept) => {
    const other = await startRaw(accept);
    onTestFinished(() => other.close());
    const session = sessionOf(`${other.uri},${hms.uri}`, { timeouts: { connect: 1000, read: 2000, write: 60_000 } });
    const refused = await session.call('drop_database', fields([[1, text('no_such_database')]]), { write: true });
    expect(getText(getStruct(refused, 1) ?? NONE, 1)).toContain('no_such_database');
    expect(getText(await session.call('getVersion', NONE, {}), 0)).toBe('4.0.0');
  });
});
