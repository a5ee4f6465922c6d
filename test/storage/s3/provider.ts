import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished, vi } from 'vitest';
import type { Session } from './sts.js';

/** Temporary keys, and when they are said to end (ms from now; default an hour). */
export interface Issued extends Session {
  readonly endsIn?: number;
}

/** Makes the SDK's default chain ask a server of this test for its keys, as in a container; `count` = requests until now, from 1. */
export async function credentialsProvider(issue: (count: number) => Issued | 'none' | 'silence'): Promise<{ asked(): number }> {
  let count = 0;
  const server = createServer((_request, response) => {
    count++;
    const issued = issue(count);
    if (issued === 'silence') return;
    if (issued === 'none') {
      response.writeHead(404).end('{}');
      return;
    }
    const { accessKeyId, secretAccessKey, sessionToken, endsIn = 3_600_000 } = issued;
    const Expiration = new Date(Date.now() + endsIn).toISOString();
    response.end(JSON.stringify({ AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE']) vi.stubEnv(name, undefined);
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nonexistent');
  vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  onTestFinished(() => void vi.unstubAllEnvs());
  return { asked: () => count };
}
