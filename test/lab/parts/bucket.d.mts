import type { S3Part } from '../lab.js';

export function putBucket(s3: S3Part, bucket: string): Promise<void>;
