import { BcnError } from '../../errors.js';
import type { S3Connection } from './client.js';
import { failureOf, isImpossibleKey, isRefusal, isS3Code } from './failure.js';
import { decodeKey } from './list.js';
import { fitsXml } from './xml.js';

const KEYS_AT_ONCE = 1000;
const SINGLES_AT_ONCE = 8;

/** Throws the first key's failure; the others may or may not be gone, and may be asked for again. */
export async function deleteObjects(
  connection: S3Connection,
  bucket: string,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const singles = keys.filter((key) => !fitsXml(key));
  const bulk = keys.filter(fitsXml);
  for (let at = 0; at < bulk.length; at += KEYS_AT_ONCE) {
    const batch = bulk.slice(at, at + KEYS_AT_ONCE);
    if (!(await deleteInBulk(connection, bucket, batch, signal))) singles.push(...batch);
  }
  for (let at = 0; at < singles.length; at += SINGLES_AT_ONCE) {
    await Promise.all(singles.slice(at, at + SINGLES_AT_ONCE).map((key) => deleteOne(connection, bucket, key, signal)));
  }
}

/** False when the service knows no bulk delete, or refuses this one. */
async function deleteInBulk(
  connection: S3Connection,
  bucket: string,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<boolean> {
  if (connection.refused.bulkDelete) return false;
  try {
    const { output } = await connection.send(
      ({ sdk, client, options }) =>
        client.send(
          new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Quiet: true, Objects: keys.map((Key) => ({ Key })) } }),
          options,
        ),
      { signal },
    );
    const failed = (output.Errors ?? []).filter(({ Code }) => Code !== 'NoSuchKey' && !isImpossibleKey(Code));
    if (failed[0]) throw perKey(bucket, failed[0], failed.length);
    return true;
  } catch (error) {
    if (error instanceof BcnError || !isRefusal(error)) throw error;
    connection.refused.bulkDelete = true;
    return false;
  }
}

async function deleteOne(connection: S3Connection, Bucket: string, Key: string, signal?: AbortSignal): Promise<void> {
  try {
    await connection.send(({ sdk, client, options }) => client.send(new sdk.DeleteObjectCommand({ Bucket, Key }), options), {
      signal,
    });
  } catch (error) {
    if (!isS3Code(error, 'NoSuchKey') && !isImpossibleKey(failureOf(error).code)) throw error;
  }
}

interface KeyFailure {
  readonly Key?: string | undefined;
  readonly Code?: string | undefined;
  readonly Message?: string | undefined;
}

/** The object, or a version of it, is under a lock. */
export function isLock({ Code, Message = '' }: KeyFailure): boolean {
  return Code === 'ObjectLocked' || /\bWORM\b|object lock|retention/i.test(Message);
}

/** The error of one key of a bulk delete, `count` of which failed. */
export function perKey(bucket: string, failure: KeyFailure, count: number, permission = 's3:DeleteObject'): BcnError {
  const { Code = 'no code', Message = '' } = failure;
  const object = `s3://${bucket}/${failure.Key ?? ''}`;
  const text = `${object} was not deleted: ${Code}: ${Message}${count > 1 ? ` (and ${count - 1} others)` : ''}`;
  if (isLock(failure)) {
    return new BcnError('retention-locked', text, { object, hint: 'Wait for the end of its retention.' });
  }
  if (Code === 'AccessDenied')
    return new BcnError('storage-auth', text, {
      object,
      hint: `Give this identity ${permission}, or wait for the end of a lock.`,
    });
  return new BcnError('storage-unavailable', text, { object, hint: 'Run the same command again.' });
}

/** Aborts the unfinished multipart uploads below a prefix; MinIO lists them only for a prefix that is the whole key. */
export async function abortUploads(
  connection: S3Connection,
  bucket: string,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  let count = 0;
  let marker: { readonly KeyMarker: string; readonly UploadIdMarker?: string } | undefined;
  do {
    const { output } = await connection.send(
      ({ sdk, client, options }) =>
        client.send(
          new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, EncodingType: 'url', ...marker }),
          options,
        ),
      { signal },
    );
    const decode = output.EncodingType === 'url' ? decodeKey : (key: string) => key;
    for (const { Key, UploadId } of output.Uploads ?? []) {
      if (UploadId && (await abortOne(connection, bucket, decode(Key ?? ''), UploadId, signal))) count++;
    }
    const next = output.IsTruncated ? output.NextKeyMarker : undefined;
    marker = next
      ? { KeyMarker: decode(next), ...(output.NextUploadIdMarker ? { UploadIdMarker: output.NextUploadIdMarker } : {}) }
      : undefined;
  } while (marker);
  return count;
}

async function abortOne(
  connection: S3Connection,
  Bucket: string,
  Key: string,
  UploadId: string,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    await connection.send(
      ({ sdk, client, options }) => client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }), options),
      { signal },
    );
    return true;
  } catch (error) {
    if (isS3Code(error, 'NoSuchUpload')) return false;
    throw error;
  }
}
