import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createHiveCatalog } from '../../../../src/catalog/hive/hive-catalog.js';
import type { HiveTls } from '../../../../src/catalog/hive/socket.js';
import type { Registration } from '../../../../src/catalog/port.js';
import { tableMetadata } from '../../table-metadata.js';
import { FakeMetastore } from '../fake.js';
import { message, type ReceivedCall, reply, type Script, startRaw, startServer } from '../server.js';
import { CERT, KEY } from '../tls-pair.js';
import { headThen, right } from './harness.js';

const registration: Registration = {
  ident: { namespace: ['db'], name: 't' },
  metadataLocation: 's3a://warehouse/db/t/metadata/00001-a.metadata.json',
  metadata: tableMetadata(),
};
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const scripted = (script: Script, options?: Parameters<typeof startServer>[1]) => () => startServer(script, options);
const raw = (accept: (socket: Socket) => void) => () => startRaw(accept);

interface Case {
  readonly what: string;
  readonly start: () => Promise<{ readonly uri: string; close(): Promise<void> }>;
  readonly tls?: HiveTls;
  /** Of load, and of a register where no call could have been read by the server. */
  readonly code?: 'catalog-unsupported';
  readonly words: RegExp;
  readonly hint: RegExp;
  /** What register ends in, when other than load: its outcome is not known. */
  readonly register: 'same' | 'unknown';
}

const CASES: readonly Case[] = [
  { what: 'refused', start: nobody, words: /connection refused/, hint: /HIVE_METASTORE_URI/, register: 'same' },
  {
    what: 'dropped',
    start: scripted((call) => void call.socket.destroy()),
    words: /get_table_req: the server closed the connection \(framed\? TLS\? SASL\?\)/,
    hint: /HIVE_METASTORE_FRAMED=true.*HIVE_METASTORE_TLS=true.*SASL/,
    register: 'unknown',
  },
  {
    what: 'reset',
    start: scripted((call) => void call.socket.resetAndDestroy()),
    words: /ECONNRESET|closed the connection/,
    hint: /HIVE_METASTORE_FRAMED=true/,
    register: 'unknown',
  },
  {
    what: 'silent',
    start: scripted(() => undefined),
    words: /no answer after 300 ms/,
    hint: /HIVE_METASTORE_TIMEOUT.*HIVE_METASTORE_FRAMED=true/,
    register: 'unknown',
  },
  {
    what: 'silent during the TLS handshake',
    start: raw(() => {}),
    tls: {},
    words: /TLS handshake got no answer/,
    hint: /HIVE_METASTORE_TLS must be false/,
    register: 'same',
  },
  {
    what: 'an unknown certificate',
    start: scripted(() => undefined, { tls: { key: KEY, cert: CERT } }),
    tls: {},
    words: /certificate is not trusted: self-signed/,
    hint: /HIVE_METASTORE_CA_FILE/,
    register: 'same',
  },
  {
    what: 'HTTP',
    start: raw((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
    words: /the server speaks HTTP/,
    hint: /HTTP transport is not supported/,
    register: 'unknown',
  },
  {
    what: '0xff',
    start: raw((socket) => socket.once('data', () => socket.write(Buffer.alloc(100, 0xff)))),
    words: /does not belong to the call/,
    hint: /Thrift port of a Hive Metastore/,
    register: 'unknown',
  },
  {
    what: 'over-long',
    start: scripted((call) => headThen(call, false, '0b0000 40000000')),
    words: /announces 1073741824/,
    hint: /Thrift port/,
    register: 'unknown',
  },
  {
    what: 'another sequence number',
    start: scripted((call) => message(2, call.method, call.seqid + 1, new Map())),
    words: /does not belong to the call/,
    hint: /Thrift port/,
    register: 'unknown',
  },
  {
    what: 'half a reply, then a close',
    start: scripted((call) => void call.socket.end(right(call, false).subarray(0, 40))),
    words: /closed the connection/,
    hint: /Thrift port/,
    register: 'unknown',
  },
  {
    what: 'half a reply, then silence',
    start: scripted((call) => right(call, false).subarray(0, 40)),
    words: /no answer after 300 ms/,
    hint: /HIVE_METASTORE_TIMEOUT/,
    register: 'unknown',
  },
  {
    what: 'a reply without a result',
    start: scripted((call) => (call.method === 'create_table' ? undefined : reply(call))),
    words: /neither a result nor an exception/,
    hint: /HIVE_METASTORE_URI/,
    register: 'unknown',
  },
  {
    what: 'TLS',
    start: raw((socket) => socket.once('data', () => socket.end(Buffer.from('1503030002020a', 'hex')))),
    words: /the server speaks TLS/,
    hint: /HIVE_METASTORE_TLS=true/,
    register: 'same',
  },
  {
    what: 'SASL, as Hive 3 refuses plain calls',
    start: raw((socket) => socket.once('data', () => socket.end('\x04\0\0\0\x13Invalid status -128', 'latin1'))),
    code: 'catalog-unsupported',
    words: /demands SASL.*Invalid status -128/,
    hint: /hive\.metastore\.sasl\.enabled=false/,
    register: 'same',
  },
];

describe.each(CASES)('a metastore that is $what', ({ start, tls, code = 'catalog-unavailable', words, hint, register }) => {
  const exit = code === 'catalog-unsupported' ? 22 : 31;
  const expected = { code, exit, retryable: exit === 31, table: 'db.t' };

  test(`load: ${exit}`, async () => {
    const error = await (await catalogOf(start, tls)).load(registration.ident).catch((reason: unknown) => reason);
    expect(error).toMatchObject(expected);
    expect(error).toHaveProperty('message', expect.stringMatching(words));
    expect(error).toHaveProperty('hint', expect.stringMatching(hint));
  });

  test(`register: ${register === 'same' ? exit : 24}`, async () => {
    const error = await (await catalogOf(start, tls)).register(registration).catch((reason: unknown) => reason);
    if (register === 'same') {
      expect(error).toMatchObject(expected);
      expect(error).toHaveProperty('hint', expect.stringMatching(hint));
      return;
    }
    expect(error).toMatchObject({ code: 'commit-unknown', exit: 24, retryable: true, object: registration.metadataLocation });
    expect(error).toHaveProperty('hint', expect.stringContaining('Run the same command again'));
  });
});

describe('register, answered wrongly by a metastore that has carried it out: read back, never sent again', () => {
  test.each<[string, (call: ReceivedCall, answer: Buffer) => Buffer | undefined]>([
    ['drops', (call) => void call.socket.destroy()],
    ['resets', (call) => void call.socket.resetAndDestroy()],
    ['falls silent', () => undefined],
    ['sends half', (_call, answer) => answer.subarray(0, 20)],
    ['sends half and closes', (call, answer) => void call.socket.end(answer.subarray(0, 20))],
    ['sends garbage', () => Buffer.alloc(64, 0xff)],
    ['answers another call', (call) => message(2, call.method, call.seqid + 1, new Map())],
    ['announces 1 GB', (call) => headThen(call, false, '0b0000 40000000')],
    ['says more than its reply', (_call, answer) => Buffer.concat([answer, Buffer.of(0)])],
  ])('%s', async (_what, spoil) => {
    const fake = new FakeMetastore();
    let created = 0;
    const start = scripted((call) => {
      if (call.method !== 'create_table') return fake.answer(call);
      created += 1;
      return spoil(call, fake.answer(call));
    });
    const catalog = await catalogOf(start);
    expect(await catalog.register(registration)).toBe('registered');
    expect(created).toBe(1);
  });
});

async function catalogOf(start: Case['start'], tls?: HiveTls) {
  const server = await start();
  const timeouts = { connect: 300, read: 300, write: 300 };
  const catalog = createHiveCatalog({ uri: server.uri, timeouts, tls, rereadDelays: [0, 10] });
  open.push(server, catalog);
  return catalog;
}

/** An address where nobody listens. */
async function nobody() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  const port = typeof address === 'object' ? address?.port : 0;
  return { uri: `thrift://127.0.0.1:${port}`, close: async () => {} };
}
