import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { ObjectStore } from '../../../src/storage/port.js';
import type { S3Config } from '../../../src/storage/s3/config.js';
import { createS3Store } from '../../../src/storage/s3/s3-store.js';

export interface Seen {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface FakeS3 {
  readonly config: S3Config;
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** A server for answers that a real S3 service cannot be made to give. `count` = requests until now, from 1. With a key pair it speaks TLS. */
export async function fakeS3(
  answer: (seen: Seen, response: ServerResponse, count: number) => void,
  config: S3Config = {},
  tls?: { readonly cert: string; readonly key: string },
): Promise<FakeS3> {
  const seen: Seen[] = [];
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks) };
    seen.push(one);
    response.setHeader('x-amz-request-id', 'fake');
    answer(one, response, seen.length);
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    config: { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'k', secretAccessKey: 's' }, maxAttempts: 2, ...config },
    seen,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Answers with an S3 error document. */
export function s3Failure(
  response: ServerResponse,
  status: number,
  code: string,
  more = '',
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/xml', ...headers });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>about ${code}</Message>${more}</Error>`);
}

export function xml(response: ServerResponse, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/xml', ...headers });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}

/** A store whose service answers like this, closed at the end of the test. */
export async function storeOf(
  ...given: Parameters<typeof fakeS3>
): Promise<{ readonly store: ObjectStore; readonly fake: FakeS3 }> {
  const fake = await fakeS3(...given);
  onTestFinished(() => fake.close());
  return { store: createS3Store(fake.config, 'buck'), fake };
}
