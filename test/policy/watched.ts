/** A way to a real S3 service (plain HTTP) that notes which actions of policies the requests of each identity need. Signatures hold: the Host stays as it was sent. */
import { createServer, type IncomingHttpHeaders, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { S3Part } from '../lab/lab.js';

export interface Watched {
  readonly s3: S3Part;
  /** Actions by access key. */
  readonly used: ReadonlyMap<string, ReadonlySet<string>>;
}

export async function watched(s3: S3Part): Promise<Watched> {
  const { hostname, port } = new URL(s3.endpoint);
  const used = new Map<string, Set<string>>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const who = /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';
    const actions = used.get(who) ?? new Set();
    used.set(who, actions);
    const body = Buffer.concat(chunks);
    for (const action of actionsOf(method, url, headers, body)) actions.add(action);
    const onward = send({ hostname, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { s3: { ...s3, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, used };
}

function actionsOf(method: string, url: string, headers: IncomingHttpHeaders, body: Buffer): readonly string[] {
  const { pathname, searchParams: query } = new URL(url, 'http://s3');
  const ofObject = /^\/[^/]+\/./.test(pathname);
  const version = query.has('versionId') ? 'Version' : '';
  if (method === 'POST' && query.has('delete')) return [`s3:DeleteObject${body.includes('<VersionId>') ? 'Version' : ''}`];
  if (method === 'DELETE') return [query.has('uploadId') ? 's3:AbortMultipartUpload' : `s3:DeleteObject${version}`];
  if (method === 'PUT' || method === 'POST') return ['s3:PutObject', ...(headers['x-amz-copy-source'] ? ['s3:GetObject'] : [])];
  if (query.has('retention')) return ['s3:GetObjectRetention'];
  if (ofObject) return [`s3:GetObject${version}`];
  if (query.has('uploads')) return ['s3:ListBucketMultipartUploads'];
  if (query.has('versions')) return ['s3:ListBucketVersions'];
  if (query.has('versioning')) return ['s3:GetBucketVersioning'];
  return [query.has('object-lock') ? 's3:GetBucketObjectLockConfiguration' : 's3:ListBucket'];
}
