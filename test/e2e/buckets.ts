import {
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { LabWith } from '../lab/lab.js';

function client({ s3 }: LabWith<'s3'>): S3Client {
  const credentials = { accessKeyId: s3.accessKey, secretAccessKey: s3.secretKey };
  return new S3Client({ endpoint: s3.endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
}

/** Every object below a prefix: key → `etag size`. What is equal before and after was not written. */
export async function listing(lab: LabWith<'s3'>, bucket: string, prefix = ''): Promise<Record<string, string>> {
  const s3 = client(lab);
  const found: Record<string, string> = {};
  let token: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }));
    for (const { Key, ETag, Size } of page.Contents ?? []) found[Key ?? ''] = `${ETag} ${Size}`;
    token = page.NextContinuationToken;
  } while (token);
  s3.destroy();
  return found;
}

/** Deletes every object below a prefix. */
export async function empty(lab: LabWith<'s3'>, bucket: string, prefix: string): Promise<void> {
  const s3 = client(lab);
  const keys = Object.keys(await listing(lab, bucket, prefix));
  for (let i = 0; i < keys.length; i += 1000) {
    const Objects = keys.slice(i, i + 1000).map((Key) => ({ Key }));
    await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
  }
  s3.destroy();
}

export async function putObject(lab: LabWith<'s3'>, bucket: string, key: string, body: string | Uint8Array): Promise<void> {
  const s3 = client(lab);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  s3.destroy();
}

export async function getObject(lab: LabWith<'s3'>, uri: string): Promise<Buffer> {
  const s3 = client(lab);
  const { bucket, key } = split(uri);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
  s3.destroy();
  return bytes;
}

/** Begins a multipart upload and leaves it, as a process does that dies. */
export async function leaveUpload(lab: LabWith<'s3'>, bucket: string, key: string): Promise<void> {
  const s3 = client(lab);
  await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
  s3.destroy();
}

/** How many unfinished uploads of this key there are; MinIO tells it for an exact key only. */
export async function unfinished(lab: LabWith<'s3'>, bucket: string, key: string): Promise<number> {
  const s3 = client(lab);
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key }));
  s3.destroy();
  return Uploads.length;
}

/** Bucket and key of an s3, s3a or s3n URI. */
export function split(uri: string): { readonly bucket: string; readonly key: string } {
  const [, bucket = '', key = ''] = /^s3[an]?:\/\/([^/]+)\/?(.*)$/.exec(uri) ?? [];
  return { bucket, key };
}
