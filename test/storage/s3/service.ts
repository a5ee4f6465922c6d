import { randomUUID } from 'node:crypto';
import type { S3Config } from '../../../src/storage/s3/config.js';
import { type LabWith, makeBucket } from '../../lab/lab.js';

/** The settings of the lab's S3 service. */
export function labConfig({ s3 }: LabWith<'s3'>): S3Config & Required<Pick<S3Config, 'endpoint' | 'credentials'>> {
  return {
    endpoint: s3.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: s3.accessKey, secretAccessKey: s3.secretKey },
  };
}

/** Makes an empty bucket for one suite. */
export async function freshBucket(lab: LabWith<'s3'>): Promise<string> {
  const name = `bcn-${randomUUID()}`;
  await makeBucket(lab, name);
  return name;
}
