import dns from 'node:dns';
import type { ServerResponse } from 'node:http';
import tls from 'node:tls';
import { onTestFinished, vi } from 'vitest';
import { makeAuthority } from '../../lab/tls.mjs';
import { type FakeS3, fakeS3, type Seen, s3Failure } from './fake-server.js';

/** A request as AWS sees it. */
export interface AwsRequest extends Seen {
  readonly bucket: string;
  /** The region that the host name belongs to. */
  readonly region: string;
  /** The region that the signature is for. */
  readonly signed: string;
}

/**
 * All of AWS S3 on this machine: connections to `*.amazonaws.com` end at a fake server. Each bucket is in its region (`buckets`); requests
 * to another one are redirected as AWS does, or refused as `wrong` does it.
 */
export async function fakeAws(
  buckets: Readonly<Record<string, string>>,
  answer: (request: AwsRequest, response: ServerResponse) => void,
  wrong: (right: string, response: ServerResponse) => void = redirect,
): Promise<FakeS3 & { readonly asked: readonly AwsRequest[] }> {
  const authority = makeAuthority();
  const regions = [...new Set(['us-east-1', ...Object.values(buckets)])];
  const asked: AwsRequest[] = [];
  const fake = await fakeS3(
    (seen, response) => {
      const [, bucket = '', region = ''] = /^(?:(.+)\.)?s3\.([^.]+)\.amazonaws\.com$/.exec(seen.headers.host ?? '') ?? [];
      const signed = /Credential=[^/]+\/\d+\/([^/]+)\/s3/.exec(seen.headers.authorization ?? '')?.[1] ?? '';
      const request = { ...seen, bucket: bucket || (seen.url.split(/[/?]/)[1] ?? ''), region, signed };
      asked.push(request);
      const right = buckets[request.bucket];
      if (right === undefined) s3Failure(response, 404, 'NoSuchBucket');
      else if (right !== region || right !== signed) wrong(right, response);
      else answer(request, response);
    },
    {},
    authority.issue(regions.flatMap((region) => [`s3.${region}.amazonaws.com`, `*.s3.${region}.amazonaws.com`])),
  );
  onTestFinished(() => fake.close());
  const port = Number(new URL(fake.config.endpoint ?? '').port);
  redirectConnections('.amazonaws.com', port);
  const { endpoint: _none, ...config } = fake.config;
  return { ...fake, config: { ...config, authority: authority.cert }, asked };
}

/** What AWS answers in most regions. */
function redirect(right: string, response: ServerResponse): void {
  s3Failure(response, 301, 'PermanentRedirect', `<Endpoint>s3.${right}.amazonaws.com</Endpoint>`, {
    'x-amz-bucket-region': right,
  });
}

/** Sends TLS connections to hosts of a domain to a port of this machine, until the end of the test. */
function redirectConnections(domain: string, port: number): void {
  const connect = tls.connect;
  const spy = vi
    .spyOn(tls, 'connect')
    .mockImplementation(((options: tls.ConnectionOptions, ...more: []) =>
      connect(
        options.host?.endsWith(domain) ? { ...options, host: '127.0.0.1', port } : options,
        ...more,
      )) as typeof tls.connect);
  onTestFinished(() => spy.mockRestore());
}

/** Resolves the names below a domain to this machine until the end of the test, whatever the system's resolver says; returns those asked for. */
export function resolveHere(domain: string): ReadonlySet<string> {
  const asked = new Set<string>();
  const lookup = dns.lookup;
  const spy = vi.spyOn(dns, 'lookup').mockImplementation(((name: string, ...rest: [never, never]) => {
    if (name !== domain && !name.endsWith(`.${domain}`)) return lookup(name, ...rest);
    asked.add(name);
    lookup('127.0.0.1', ...rest);
  }) as typeof dns.lookup);
  onTestFinished(() => spy.mockRestore());
  return asked;
}
