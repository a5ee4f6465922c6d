import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createHiveCatalog } from '../../../src/catalog/hive/hive-catalog.js';
import { type ScriptedServer, startRaw } from './server.js';

const servers: ScriptedServer[] = [];
const timeouts = { connect: 300, read: 300, write: 300 };
const IDENT = { namespace: ['db'], name: 't' };

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

describe('a metastore that is none: every call ends in time, as catalog-unavailable with the address and the likely fix', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['silent', () => {}],
    ['closes at once', (socket) => socket.end()],
    ['closes on the first call', (socket) => socket.once('data', () => socket.end())],
    ['resets', (socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['speaks HTTP', (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))],
    ['greets', (socket) => socket.write('220 smtp ready\r\n')],
    ['sends zeros', (socket) => socket.once('data', () => socket.write(Buffer.alloc(1000)))],
    ['sends 0xff', (socket) => socket.once('data', () => socket.write(Buffer.alloc(1000, 0xff)))],
    ['sends half an answer', (socket) => socket.once('data', () => socket.write(Buffer.from('800100020000000d6765745f', 'hex')))],
  ])('%s', async (_what, accept) => {
    const server = await startRaw(accept);
    servers.push(server);
    for (const framed of [false, true]) {
      const catalog = createHiveCatalog({ uri: server.uri, framed, timeouts });
      const started = performance.now();
      const error: unknown = await catalog.load(IDENT).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'catalog-unavailable', exit: 31, retryable: true, table: 'db.t' });
      expect(error).toHaveProperty('message', expect.stringContaining(server.uri));
      expect(error).toHaveProperty('hint', expect.stringMatching(/HIVE_METASTORE_FRAMED=true.*SASL/));
      expect(performance.now() - started).toBeLessThan(2000);
      await catalog.close();
    }
  });

  test('nobody listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await new Promise((resolve) => server.close(resolve));
    const catalog = createHiveCatalog({ uri: `thrift://127.0.0.1:${port}`, timeouts });
    await expect(catalog.load(IDENT)).rejects.toMatchObject({
      code: 'catalog-unavailable',
      message: `Cannot reach the Hive Metastore: thrift://127.0.0.1:${port}: connection refused`,
      hint: expect.stringContaining('HIVE_METASTORE_URI'),
    });
    await catalog.close();
  });

  test('TLS that is never answered', async () => {
    const server = await startRaw(() => {});
    servers.push(server);
    const catalog = createHiveCatalog({ uri: server.uri, tls: {}, timeouts });
    await expect(catalog.load(IDENT)).rejects.toMatchObject({
      code: 'catalog-unavailable',
      message: expect.stringContaining('TLS'),
    });
    await catalog.close();
  });
});

test('identity and file names', () => {
  const catalog = createHiveCatalog({ uri: 'thrift://h1, thrift://h2:9084' });
  expect(catalog.identity).toBe('hive:thrift://h1:9083,thrift://h2:9084');
  for (const uri of ['thrift://h2:9084,thrift://h1', 'thrift://H1:9083,thrift://h2:9084,thrift://h1']) {
    expect(createHiveCatalog({ uri }).identity).toBe(catalog.identity);
  }
  for (const uri of ['thrift://h1', 'thrift://h1:9084,thrift://h2:9083']) {
    expect(createHiveCatalog({ uri }).identity).not.toBe(catalog.identity);
  }
  expect(catalog.defaultLocation(IDENT)).toBeUndefined();
  expect(catalog.metadataFileName(7, 'ab', false)).toBe('00007-ab.metadata.json');
  expect(catalog.metadataFileName(123_456, 'ab', true)).toBe('123456-ab.gz.metadata.json');
});
