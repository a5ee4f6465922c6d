import type { TlsOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { Connection } from '../../../../src/catalog/hive/connection.js';
import { parseEndpoints } from '../../../../src/catalog/hive/endpoints.js';
import { getText, text } from '../../../../src/catalog/hive/fields.js';
import { dial, type HiveTls } from '../../../../src/catalog/hive/socket.js';
import { makeAuthority } from '../../../lab/tls.mjs';
import { reply, type Script, startServer } from '../server.js';
import { CERT, KEY } from '../tls-pair.js';
import { endOnServer, faultOf, right } from './harness.js';

const DAY = 86_400_000;
const authority = makeAuthority('an authority');
const HOSTS = ['localhost', '127.0.0.1'];
const good = authority.issue(HOSTS);
const echo: Script = (call) => reply(call, text(call.method));

/** A connection to a server of these TLS settings. */
async function connect(server: TlsOptions, client: HiveTls, host = '127.0.0.1') {
  const started = await startServer(echo, { tls: server });
  const [endpoint] = parseEndpoints(`thrift://${host}:${started.port}`);
  if (endpoint === undefined) throw new Error('no endpoint');
  try {
    const connection = new Connection(await dial(endpoint, { connectMs: 5000, tls: client }), false);
    const result = await connection.call('get_x', new Map(), { timeoutMs: 5000 }).finally(() => connection.close());
    return getText(result, 0);
  } finally {
    await started.close();
  }
}

describe('a certificate', () => {
  test.each(HOSTS)('of the given authority, for %s', async (host) => {
    expect(await connect(good, { ca: authority.cert }, host)).toBe('get_x');
  });

  test.each<[string, TlsOptions, HiveTls, RegExp, RegExp]>([
    ['that signed itself', { key: KEY, cert: CERT }, {}, /not trusted: self-signed/, /HIVE_METASTORE_CA_FILE/],
    ['of a private authority', good, {}, /not trusted: unable to/, /HIVE_METASTORE_CA_FILE/],
    ['of another authority', good, { ca: CERT }, /not trusted: unable to/, /HIVE_METASTORE_CA_FILE/],
    [
      'that has expired',
      authority.issue(HOSTS, { notBefore: Date.now() - 9 * DAY, notAfter: Date.now() - DAY }),
      { ca: authority.cert },
      /has expired/,
      /renewed.*clock.*HIVE_METASTORE_TLS_VERIFY/,
    ],
    [
      'that is not valid yet',
      authority.issue(HOSTS, { notBefore: Date.now() + DAY }),
      { ca: authority.cert },
      /not valid yet/,
      /clocks/,
    ],
    [
      'for another host',
      authority.issue(['hms.example', '10.9.8.7']),
      { ca: authority.cert },
      /another host: .*127\.0\.0\.1 is not in .*10\.9\.8\.7/,
      /HIVE_METASTORE_URI/,
    ],
  ])('%s is refused with the way out, and taken without verification', async (_what, server, client, words, hint) => {
    const fault = await faultOf(connect(server, client));
    expect(fault).toMatchObject({ outcome: 'not-sent', reason: 'connect' });
    expect(fault.message).toMatch(/^thrift:\/\/127\.0\.0\.1:\d+: /);
    expect(fault.message).toMatch(words);
    expect(fault.hint).toMatch(hint);
    expect(await connect(server, { ...client, verify: false })).toBe('get_x');
  });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a server that demands a certificate of its clients, %s', (version) => {
  const server = { ...good, ca: [CERT], requestCert: true, maxVersion: version };

  test('gets it', async () => {
    expect(await connect(server, { ca: authority.cert, cert: CERT, key: KEY })).toBe('get_x');
  });

  test('gets none: nothing was sent, and the variables are named', async () => {
    const fault = await faultOf(connect(server, { ca: authority.cert }));
    expect(fault).toMatchObject({ outcome: 'not-sent', reason: 'connect' });
    expect(fault.message).toContain('the server refused the TLS handshake');
    expect(fault.hint).toContain('HIVE_METASTORE_CERT_FILE and HIVE_METASTORE_KEY_FILE');
  });

  test('gets one it does not trust, and just closes: the variables are named all the same', async () => {
    const fault = await faultOf(connect(server, { ca: authority.cert, ...good }));
    expect(['connect', 'closed']).toContain(fault.reason);
    expect(fault.hint).toContain('HIVE_METASTORE_CERT_FILE');
  });
});

describe('within TLS, the faults are the same', () => {
  test.each<[string, Script, string]>([
    ['silence', () => undefined, 'timeout'],
    ['half a reply, then silence', (call) => right(call, false).subarray(0, 40), 'timeout'],
    ['a close', (call) => void call.socket.end(), 'closed'],
    ['a drop without the closing alert', (call) => void call.socket.destroy(), 'closed'],
    ['half a reply, then a close', (call) => void call.socket.end(right(call, false).subarray(0, 40)), 'closed'],
    ['garbage', () => Buffer.alloc(40, 0xff), 'protocol'],
  ])('%s', async (_what, script, reason) => {
    const server = await startServer(script, { tls: good });
    const fault = await endOnServer(server, { framed: false, tls: { ca: authority.cert } });
    expect(fault).toMatchObject({ outcome: 'unknown', reason });
    if (reason === 'closed') expect(fault.message).toContain('(framed? SASL?)');
  });
});

test('a call without TLS to a server with it is told so', async () => {
  const fault = await endOnServer(await startServer(echo, { tls: good }), { framed: false });
  expect(['protocol', 'closed']).toContain(fault.reason);
  expect(`${fault.message} ${fault.hint}`).toMatch(/the server speaks TLS|TLS\?/);
  expect(fault.hint).toContain('HIVE_METASTORE_TLS=true');
});

test('a key that is none is a matter of configuration', async () => {
  const [endpoint] = parseEndpoints('thrift://127.0.0.1:1');
  if (endpoint === undefined) throw new Error('no endpoint');
  await expect(dial(endpoint, { connectMs: 1000, tls: { cert: CERT, key: 'no key' } })).rejects.toMatchObject({
    code: 'config',
    hint: expect.stringContaining('HIVE_METASTORE_KEY_FILE'),
  });
});
