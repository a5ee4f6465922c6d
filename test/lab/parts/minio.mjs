/** MinIO: an S3 server, compiled by Go from its module. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { freePort, startServer, waitUntilReady } from '../../../scripts/lib/proc.mjs';
import { makeAuthority } from '../tls.mjs';
import { MINIO } from '../versions.mjs';
import { provisionGo } from './go.mjs';

/** @returns {Promise<string>} the folder that holds the binary */
export async function provisionMinio(log) {
  return provisionGo({ part: 'minio', ...MINIO, binary: 'minio' }, log);
}

/** MinIO as most tests use it. */
export function startMinio(lab) {
  return start(lab, { name: 'minio', accessKey: 'admin', secretKey: 'password' });
}

/** MinIO with all that is unusual: other keys, TLS of a private authority, another region, virtual hosts (`bucket.domain`), a KMS of one key. */
export function startMinio2(lab) {
  const domain = 's3.localhost';
  return start(lab, {
    name: 'minio2',
    accessKey: 'minio2-admin',
    secretKey: 'minio2-password',
    region: 'eu-central-1',
    domain,
    kmsKey: 'lab-key',
    authority: makeAuthority(),
    hosts: ['127.0.0.1', 'localhost', domain, `*.${domain}`],
  });
}

/**
 * Start a MinIO on an empty folder.
 * @returns {Promise<{ endpoint: string, accessKey: string, secretKey: string, region?: string, domain?: string, kmsKey?: string, ca?: string }>}
 */
async function start({ folder, runFolder, keep }, { name, authority, hosts, ...given }) {
  const data = join(runFolder, name);
  mkdirSync(data, { recursive: true });
  // A folder of its own also without TLS: MinIO would look into that of the user.
  const certificates = join(runFolder, `${name}-certs`);
  mkdirSync(certificates, { recursive: true });
  const tls = authority && writeCertificates(certificates, authority, hosts);
  const port = await freePort();
  const consolePort = await freePort();
  const env = {
    ...process.env,
    MINIO_ROOT_USER: given.accessKey,
    MINIO_ROOT_PASSWORD: given.secretKey,
    MINIO_UPDATE: 'off',
    MINIO_CALLHOME_ENABLE: 'off',
    MINIO_BROWSER: 'off',
    ...(given.region && { MINIO_SITE_REGION: given.region }),
    ...(given.domain && { MINIO_DOMAIN: given.domain }),
    ...(given.kmsKey && { MINIO_KMS_SECRET_KEY: `${given.kmsKey}:${randomBytes(32).toString('base64')}` }),
  };
  // MinIO shrinks its buffers when it sees CI.
  delete env.CI;
  const addresses = ['--address', `127.0.0.1:${port}`, '--console-address', `127.0.0.1:${consolePort}`];
  const server = startServer({
    name,
    command: join(folder, 'minio'),
    args: ['server', data, ...addresses, '--certs-dir', certificates, '--quiet'],
    env,
    log: join(runFolder, `${name}.log`),
  });
  keep(server);
  const endpoint = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  await waitUntilReady(server, () => answers(`${endpoint}/minio/health/ready`, authority?.cert), 60);
  return { endpoint, ...given, ...(tls && { ca: tls.ca }) };
}

/** A folder as MinIO wants it, and beside the pair the certificate of the authority behind it. */
function writeCertificates(folder, authority, hosts) {
  const { cert, key } = authority.issue(hosts);
  writeFileSync(join(folder, 'public.crt'), cert);
  writeFileSync(join(folder, 'private.key'), key, { mode: 0o600 });
  const ca = join(folder, 'authority.pem');
  writeFileSync(ca, authority.cert);
  return { ca };
}

/** Whether it answers 200; `fetch` cannot be told of a private authority. */
function answers(url, ca) {
  const { get } = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const request = get(url, { ca, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}
