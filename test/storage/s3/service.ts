import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { S3Config } from '../../../src/storage/s3/config.js';
import { makeBucket, type S3Part } from '../../lab/lab.js';

/** One S3 service: a lab as it is, or `{ s3: lab.minio2 }`. */
interface Service {
  readonly s3: S3Part;
}

/** The settings of the lab's S3 service. */
export function labConfig({ s3 }: Service): S3Config & Required<Pick<S3Config, 'endpoint' | 'credentials'>> {
  return {
    endpoint: s3.endpoint,
    region: s3.region ?? 'us-east-1',
    credentials: { accessKeyId: s3.accessKey, secretAccessKey: s3.secretKey },
    ...(s3.ca && { authority: readFileSync(s3.ca, 'utf8') }),
  };
}

/** Makes an empty bucket for one suite. */
export async function freshBucket(lab: Service, name = `bcn-${randomUUID()}`): Promise<string> {
  await makeBucket(lab, name);
  return name;
}
