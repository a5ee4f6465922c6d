import { expect, test } from 'vitest';
import { permissionFor } from '../../../src/storage/s3/permissions.js';

const asked = { object: 's3://to/b', bucket: 'to' };

test.each([
  ['GetObject', undefined, 's3:GetObject on s3://to/b'],
  ['GetObject', 's3://from/a', 's3:GetObject on s3://from/a'],
  ['PutObject', undefined, 's3:PutObject on s3://to/b'],
  ['CreateMultipartUpload', 's3://from/a', 's3:PutObject on s3://to/b'],
  ['UploadPartCopy', 's3://from/a', 's3:GetObject on s3://from/a and s3:PutObject on s3://to/b'],
  ['ListObjectsV2', undefined, 's3:ListBucket on the bucket to'],
  ['AbortMultipartUpload', undefined, 's3:AbortMultipartUpload on s3://to/b'],
  ['SomethingNew', undefined, undefined],
  [undefined, undefined, undefined],
])('%s with source %s needs %s', (operation, source, permission) => {
  expect(permissionFor(operation, { ...asked, ...(source ? { source } : {}) })).toBe(permission);
});
