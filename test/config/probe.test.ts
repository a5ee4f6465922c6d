import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { answers } from '../../src/config/probe.js';

test('a listening port answers, a closed one does not', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  expect(await answers(`http://127.0.0.1:${port}`, 2000)).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  expect(await answers(`http://127.0.0.1:${port}`, 2000)).toBe(false);
});

test('silence is not waited for longer than allowed', async () => {
  // TEST-NET-1 (RFC 5737): packets go nowhere, or are refused at once where there is no route.
  const started = Date.now();
  expect(await answers('http://192.0.2.1:9000', 200)).toBe(false);
  expect(Date.now() - started).toBeLessThan(1500);
});
