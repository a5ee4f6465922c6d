const PUT = 's3:PutObject';

/** The permission that each request needs, as policies name it; a copy needs two. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  PutObject: PUT,
  CreateMultipartUpload: PUT,
  UploadPart: PUT,
  CompleteMultipartUpload: PUT,
  DeleteObject: 's3:DeleteObject',
  DeleteObjects: 's3:DeleteObject',
  ListObjectsV2: 's3:ListBucket',
  HeadBucket: 's3:ListBucket',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  ListObjectVersions: 's3:ListBucketVersions',
  GetObjectLockConfiguration: 's3:GetBucketObjectLockConfiguration',
  GetObjectRetention: 's3:GetObjectRetention',
};

/** Permissions that are about the bucket as a whole. */
const OF_BUCKET = /^s3:(List|Get)Bucket/;

const COPIES = ['CopyObject', 'UploadPartCopy'];

interface Asked {
  /** URI of the object or prefix. */
  readonly object: string;
  readonly bucket: string;
  /** URI of a copy's source. */
  readonly source?: string;
}

/** What the identity lacks, for a hint: `s3:PutObject on s3://bucket/key`. Undefined for a request that nobody knows. */
export function permissionFor(operation: string | undefined, { object, bucket, source }: Asked): string | undefined {
  if (operation !== undefined && COPIES.includes(operation)) return `s3:GetObject on ${source} and ${PUT} on ${object}`;
  const permission = operation === undefined ? undefined : PERMISSIONS[operation];
  if (permission === undefined) return undefined;
  if (OF_BUCKET.test(permission)) return `${permission} on the bucket ${bucket}`;
  // Parts of a copy: its source is asked for its ETag.
  return `${permission} on ${permission === 's3:GetObject' && source ? source : object}`;
}
