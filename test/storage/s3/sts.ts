import type { S3Part } from '../../lab/lab.js';
import { signed } from '../../lab/parts/signed.mjs';

/** Temporary keys. */
export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Temporary keys from the AssumeRole of MinIO (15 minutes, its shortest), narrowed by a session policy: what they may do. */
export async function assumeRole(s3: S3Part, statement?: readonly object[]): Promise<Session> {
  const form = new URLSearchParams({ Action: 'AssumeRole', Version: '2011-06-15', DurationSeconds: '900' });
  if (statement) form.set('Policy', JSON.stringify({ Version: '2012-10-17', Statement: statement }));
  const { status, body } = await signed(s3, { method: 'POST', path: '/', service: 'sts', body: form.toString() });
  const element = (name: string): string => new RegExp(`<${name}>(.*?)</${name}>`).exec(body)?.[1] ?? '';
  if (status !== 200) throw new Error(`AssumeRole: ${status} ${body}`);
  return {
    accessKeyId: element('AccessKeyId'),
    secretAccessKey: element('SecretAccessKey'),
    sessionToken: element('SessionToken'),
  };
}

/** A statement of a session policy. */
export function allow(actions: readonly string[], ...buckets: readonly string[]): object {
  const resources = buckets.flatMap((bucket) => [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`]);
  return { Effect: 'Allow', Action: actions, Resource: resources };
}
