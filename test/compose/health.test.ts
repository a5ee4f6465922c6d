import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeWith } from '../lab/lab.js';

const script = (service: string): string => path.join(import.meta.dirname, '../../compose', service, 'health.sh');

/** The exit code of a health check against a port of 127.0.0.1. */
async function check(service: string, port: number | string): Promise<number> {
  const child = spawn('bash', [script(service), String(port)], { stdio: 'ignore' });
  const [code] = (await once(child, 'close')) as [number];
  return code;
}

/** The exit code against a server that sends `answer` (hex) when it hears something, then ends; and what it heard. */
async function against(service: string, answer: string): Promise<{ readonly code: number; readonly heard: string }> {
  let heard = '';
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      heard += data.toString('hex');
      socket.end(Buffer.from(answer, 'hex'));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const code = await check(service, (server.address() as AddressInfo).port);
  server.close();
  return { code, heard };
}

const hex = (text: string): string => Buffer.from(text).toString('hex');
/** A reply to get_all_databases up to the type of its first field. */
const reply = (kind: string, field: string): string => `800100${kind}00000011${hex('get_all_databases')}00000001${field}`;

describe("the metastore's health check", () => {
  test('asks for the databases, and takes a list for health', async () => {
    const list = `${reply('02', '0f')}0000${'0b'}00000001${'00000007'}${hex('default')}00`;
    const { code, heard } = await against('metastore', list);
    expect(code).toBe(0);
    expect(heard).toBe(`80010001${'00000011'}${hex('get_all_databases')}0000000100`);
  });

  test.each([
    ['a declared exception: the database is gone', `${reply('02', '0c')}000100`],
    ['an undeclared exception', `${reply('03', '0b')}0001${'00000001'}${hex('x')}00`],
    ['another protocol', hex('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')],
    ['half an answer', '80010002'],
    ['nothing', ''],
  ])('%s is not health', async (_what, answer) => {
    expect((await against('metastore', answer)).code).not.toBe(0);
  });

  test('nobody there is not health', async () => {
    expect(await check('metastore', 1)).not.toBe(0);
  });
});

describe("HiveServer2's health check", () => {
  test('opens a session as any name, and takes "complete" for health', async () => {
    const { code, heard } = await against('hiveserver2', '0500000000');
    expect(code).toBe(0);
    expect(heard).toMatch(new RegExp(`^0100000005${hex('PLAIN')}`));
  });

  test.each([
    ['a refusal', `0300000003${hex('bad')}`],
    ['another protocol', hex('HTTP/1.1 400 Bad Request')],
    ['nothing', ''],
  ])('%s is not health', async (_what, answer) => {
    expect((await against('hiveserver2', answer)).code).not.toBe(0);
  });

  test('nobody there is not health', async () => {
    expect(await check('hiveserver2', 1)).not.toBe(0);
  });
});

describeWith(['hms'], "the metastore's health check, on a real one", (lab) => {
  test('is healthy', async () => {
    expect(await check('metastore', new URL(lab.hms.uri).port)).toBe(0);
  });
});
