import { createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3Part } from '../../lab/lab.js';
import { s3Failure } from './fake-server.js';

/** A way to a real S3 service (plain HTTP) on which some requests find that their session has ended. Signatures hold: the Host stays as it was sent. */
export async function forward(
  s3: S3Part,
  expired: (request: IncomingMessage) => boolean,
): Promise<{ readonly endpoint: string; close(): void }> {
  const { hostname, port } = new URL(s3.endpoint);
  const server = createServer((request, response) => {
    if (expired(request)) {
      request.resume().once('end', () => s3Failure(response, 400, 'ExpiredToken'));
      return;
    }
    const { method, url: path, headers } = request;
    const onward = send({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
