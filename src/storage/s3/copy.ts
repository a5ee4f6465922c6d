import { BcnError } from '../../errors.js';
import { wrongLength } from '../guard.js';
import type { WriteResult } from '../port.js';
import { checksumOf, type S3Checksums } from './checksum.js';
import type { S3Connection } from './client.js';
import { type CopyChecksum, multipartThreshold, partSizeFor } from './config.js';
import { EmptySuccess, isRefusal, isS3Code } from './failure.js';
import { kept } from './kept.js';
import { multipart, type PutPart } from './multipart.js';
import { retry } from './retry.js';

export interface CopyRequest {
  readonly bucket: string;
  readonly key: string;
  readonly sourceBucket: string;
  readonly sourceKey: string;
  /** URI, for messages. */
  readonly source: string;
  readonly size: number;
  readonly signal: AbortSignal | undefined;
}

const COPY_PART = 256 * (1 << 20);

/** Copies inside the service: in one request up to the threshold, else in parts that are bound to the source's ETag. */
export async function copyObject(connection: S3Connection, request: CopyRequest): Promise<WriteResult> {
  if (request.size <= multipartThreshold(connection.config)) {
    return withAlgorithm(connection, 'copyChecksum', (algorithm) => singleCopy(connection, request, algorithm));
  }
  // An upload can be aborted by somebody who cleans up; a completed one whose answer was lost looks the same.
  return retry({ attempts: 3, when: (error) => isS3Code(error, 'NoSuchUpload'), signal: request.signal }, () =>
    withAlgorithm(connection, 'partChecksum', (algorithm) => multipartCopy(connection, request, algorithm)),
  );
}

/** `x-amz-copy-source`: every byte but the '/' between segments percent-encoded, exactly once; S3 decodes it once. */
function copySource(bucket: string, key: string): string {
  return [bucket, ...key.split('/')].map(encodeSegment).join('/');
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** With the checksum algorithm, and where the service refuses it, from then on without. */
async function withAlgorithm<T>(
  connection: S3Connection,
  kind: 'copyChecksum' | 'partChecksum',
  call: (algorithm: CopyChecksum | undefined) => Promise<T>,
): Promise<T> {
  if (connection.refused[kind]) return call(undefined);
  try {
    return await call(connection.config.copyChecksum ?? 'SHA256');
  } catch (error) {
    const foreign = error instanceof ForeignSum;
    if (!foreign && !isRefusal(error)) throw error;
    const result = await call(undefined);
    if (!foreign) connection.refused[kind] = true;
    return result;
  }
}

function singleCopy(connection: S3Connection, request: CopyRequest, algorithm: CopyChecksum | undefined): Promise<WriteResult> {
  const { bucket, key, sourceBucket, sourceKey, signal } = request;
  return retry({ attempts: 3, when: (error) => error instanceof EmptySuccess, signal }, async () => {
    const { output, headers, date } = await connection.send(
      ({ sdk, client, options }) =>
        client.send(
          new sdk.CopyObjectCommand({
            Bucket: bucket,
            Key: key,
            CopySource: copySource(sourceBucket, sourceKey),
            // Headers and tags of the source are not part of a table, and reading its tags needs a right of its own.
            MetadataDirective: 'REPLACE',
            TaggingDirective: 'REPLACE',
            ...kept(connection.config, true),
            ...(algorithm ? { ChecksumAlgorithm: algorithm } : {}),
          }),
          options,
        ),
      { signal, patient: true },
    );
    const result = output.CopyObjectResult;
    if (!result?.ETag) throw new EmptySuccess('CopyObject');
    return { etag: result.ETag, sum: checksumOf(result, headers), date };
  });
}

async function multipartCopy(
  connection: S3Connection,
  request: CopyRequest,
  algorithm: CopyChecksum | undefined,
): Promise<WriteResult> {
  const { bucket, key, size, signal } = request;
  const etag = await sourceEtag(connection, request);
  const partSize = partSizeFor(size, connection.config.partSize ?? COPY_PART);
  const parts: PutPart[] = [];
  const sums = algorithm ? new Set<string>() : undefined;
  for (let from = 0; from < size; from += partSize) {
    const range = `bytes=${from}-${Math.min(from + partSize, size) - 1}`;
    parts.push((id, number, partSignal) => copyPart(connection, request, { id, number, range, etag, sums, signal: partSignal }));
  }
  return multipart(connection, { bucket, key, partSize, algorithm, signal }, parts);
}

/** The source's ETag, by a GET of its first byte: unlike a HEAD it says what is wrong (no bucket, archived). Checks its length too. */
async function sourceEtag(connection: S3Connection, request: CopyRequest): Promise<string> {
  const { sourceBucket: Bucket, sourceKey: Key, source, size, signal } = request;
  const { output } = await connection.send(
    ({ sdk, client, options }) => client.send(new sdk.GetObjectCommand({ Bucket, Key, Range: 'bytes=0-0' }), options),
    { signal },
  );
  await output.Body?.transformToByteArray();
  const total = /\/(\d+)$/.exec(output.ContentRange ?? '')?.[1];
  if (total !== undefined && Number(total) !== size) throw wrongLength(source, size, total);
  if (output.ETag) return output.ETag;
  throw new BcnError('unsupported', `${source} has no ETag, so a copy in parts could mix two versions of it.`, {
    object: source,
    hint: 'Copy it to a service that gives ETags.',
  });
}

interface CopyPart {
  readonly id: string;
  readonly number: number;
  readonly range: string;
  readonly etag: string;
  /** Of the parts that are done; absent where none were asked for. */
  readonly sums: Set<string> | undefined;
  readonly signal: AbortSignal;
}

function copyPart(connection: S3Connection, request: CopyRequest, part: CopyPart) {
  return retry({ attempts: 3, when: (error) => error instanceof EmptySuccess, signal: part.signal }, async () => {
    const { output, headers } = await connection.send(
      ({ sdk, client, options }) =>
        client.send(
          new sdk.UploadPartCopyCommand({
            Bucket: request.bucket,
            Key: request.key,
            UploadId: part.id,
            PartNumber: part.number,
            CopySource: copySource(request.sourceBucket, request.sourceKey),
            CopySourceRange: part.range,
            CopySourceIfMatch: part.etag,
          }),
          options,
        ),
      { signal: part.signal, patient: true },
    );
    const result = output.CopyPartResult;
    if (!result?.ETag) throw new EmptySuccess('UploadPartCopy');
    return { number: part.number, etag: result.ETag, ...partSums(result, headers, part.sums) };
  });
}

/**
 * The service has given something else for the checksum of a part. versitygw hands on the checksum of the whole source where that is of the wished kind: every part gets the
 * same one, and what is made of them would be recorded as the copy's. Parts that are truly equal are copied once more, without a checksum.
 */
class ForeignSum extends Error {}

/** The part's checksums under the names that completing the upload asks for. */
function partSums(
  result: Parameters<typeof checksumOf>[0],
  headers: Parameters<typeof checksumOf>[1],
  others: Set<string> | undefined,
): S3Checksums {
  const sum = checksumOf(result, headers);
  if (!sum) return {};
  if (others?.has(sum.value)) throw new ForeignSum('a checksum that is not the part’s');
  others?.add(sum.value);
  const member = (
    { sha256: 'ChecksumSHA256', crc64nvme: 'ChecksumCRC64NVME', crc32c: 'ChecksumCRC32C', crc32: 'ChecksumCRC32' } as const
  )[sum.alg];
  return { [member]: sum.value };
}
