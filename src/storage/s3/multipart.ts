import type { Checksum } from '../port.js';
import { checksumOf, type S3Checksums } from './checksum.js';
import type { S3Connection } from './client.js';
import type { CopyChecksum } from './config.js';
import { EmptySuccess } from './failure.js';
import { kept } from './kept.js';
import { retry } from './retry.js';

export interface MultipartTarget {
  readonly bucket: string;
  readonly key: string;
  readonly partSize: number;
  /** Asked of the service; undefined = none. */
  readonly algorithm: CopyChecksum | undefined;
  readonly signal: AbortSignal | undefined;
}

/** One part that is in the service. */
export interface DonePart extends S3Checksums {
  readonly number: number;
  readonly etag: string;
}

/** Puts one part; the signal ends when another part fails. Numbers begin with 1. */
export type PutPart = (uploadId: string, number: number, signal: AbortSignal) => Promise<DonePart>;

export interface MultipartResult {
  readonly etag: string;
  readonly sum: Checksum | undefined;
  readonly date: number;
}

const PARTS_AT_ONCE = 4;

/**
 * A multipart upload from its creation to its completion. `parts` yields functions that put a part each; four run at a time, and the
 * next is asked for only when one has ended. Whatever fails, the upload is aborted, after every request of it has ended,
 * so that no part can arrive later and stay.
 */
export async function multipart(
  connection: S3Connection,
  target: MultipartTarget,
  parts: AsyncIterable<PutPart> | Iterable<PutPart>,
): Promise<MultipartResult> {
  const { bucket: Bucket, key: Key, algorithm, signal } = target;
  const created = await connection.send(
    ({ sdk, client, options }) =>
      client.send(
        new sdk.CreateMultipartUploadCommand({
          Bucket,
          Key,
          ...kept(connection.config, true),
          ...(algorithm ? { ChecksumAlgorithm: algorithm } : {}),
          ...(algorithm === 'CRC64NVME' ? { ChecksumType: 'FULL_OBJECT' } : {}),
        }),
        options,
      ),
    { signal },
  );
  const id = created.output.UploadId;
  if (!id) throw new EmptySuccess('CreateMultipartUpload');
  try {
    const done = await putParts(id, parts, signal);
    signal?.throwIfAborted();
    return await complete(connection, target, id, done);
  } catch (error) {
    await abort(connection, Bucket, Key, id);
    throw error;
  }
}

async function putParts(id: string, parts: AsyncIterable<PutPart> | Iterable<PutPart>, outer?: AbortSignal): Promise<DonePart[]> {
  const stop = new AbortController();
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
  const done: DonePart[] = [];
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure ??= { error };
    stop.abort();
  };
  try {
    let number = 0;
    for await (const put of parts) {
      number++;
      const task: Promise<void> = put(id, number, signal)
        .then((part) => void done.push(part), fail)
        .finally(() => running.delete(task));
      running.add(task);
      if (running.size >= PARTS_AT_ONCE) await Promise.race(running);
      if (failure || outer?.aborted) break;
    }
  } catch (error) {
    fail(error);
  }
  await Promise.all(running);
  if (failure) throw failure.error;
  return done.sort((a, b) => a.number - b.number);
}

async function complete(
  connection: S3Connection,
  target: MultipartTarget,
  UploadId: string,
  done: readonly DonePart[],
): Promise<MultipartResult> {
  const { bucket: Bucket, key: Key, signal } = target;
  const Parts = done.map(({ number, etag, ...sums }) => ({ PartNumber: number, ETag: etag, ...sums }));
  return retry({ attempts: 3, when: (error) => error instanceof EmptySuccess, signal }, async () => {
    const { output, headers, date } = await connection.send(
      ({ sdk, client, options }) =>
        client.send(new sdk.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }), options),
      { signal, patient: true },
    );
    if (!output.ETag) throw new EmptySuccess('CompleteMultipartUpload');
    return { etag: output.ETag, sum: checksumOf(output, headers, target.partSize), date };
  });
}

/** Best effort, and without the caller's signal: an interrupted run should leave no parts that cost money. */
async function abort(connection: S3Connection, Bucket: string, Key: string, UploadId: string): Promise<void> {
  const signal = AbortSignal.timeout(10_000);
  await connection
    .send(({ sdk, client, options }) => client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }), options), {
      signal,
    })
    .catch(() => {});
}
