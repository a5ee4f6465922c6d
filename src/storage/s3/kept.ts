import type { S3Config } from './config.js';

/** How the service is to keep what is written: members of PutObject, CopyObject and CreateMultipartUpload. `content`: a data file, as against a small record. */
export function kept({ storageClass, kmsKey }: S3Config, content: boolean) {
  return {
    ...(kmsKey === undefined ? {} : { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: kmsKey }),
    // The SDK knows a list of classes; services have others.
    ...(content && storageClass !== undefined ? { StorageClass: storageClass as 'STANDARD' } : {}),
  };
}
