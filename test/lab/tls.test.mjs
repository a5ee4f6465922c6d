import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import { makeAuthority } from './tls.mjs';

const authority = makeAuthority('an authority');
const servers = [];
afterAll(() => {
  for (const server of servers) server.close();
});

async function serve(pair) {
  const server = createServer(pair, (socket) => socket.end('hello')).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return server.address().port;
}

/** What a client that knows this authority reads from the server, or the code of its refusal. */
function ask(port, servername, ca = authority.cert) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', servername, ca });
    socket.on('data', (bytes) => resolve(String(bytes)));
    socket.on('error', (error) => resolve(error.code));
  });
}

test('a certificate is good for its names, under its authority', async () => {
  const pair = authority.issue(['127.0.0.1', 'localhost', '*.s3.localhost']);
  const port = await serve(pair);
  for (const name of ['localhost', 'bucket.s3.localhost']) expect(await ask(port, name)).toBe('hello');
  expect(await ask(port, 'elsewhere.localhost')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  expect(await ask(port, 'localhost', makeAuthority('an authority').cert)).toMatch(/SIGNATURE|ISSUER|LEAF/);
  const [leaf, root] = [new X509Certificate(pair.cert), new X509Certificate(authority.cert)];
  expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect([leaf.ca, root.ca, leaf.checkIssued(root), leaf.verify(root.publicKey)]).toEqual([false, true, true, true]);
});

test('one whose time is over', async () => {
  const now = Date.now();
  const pair = authority.issue(['localhost'], { notBefore: now - 2_000_000, notAfter: now - 1_000_000 });
  expect(await ask(await serve(pair), 'localhost')).toBe('CERT_HAS_EXPIRED');
});
