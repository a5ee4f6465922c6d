import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { stopOnAbort, wrongLength } from '../guard.js';
import type { WriteResult } from '../port.js';
import type { Lent } from './buffers.js';
import type { S3Connection } from './client.js';
import { partSizeFor } from './config.js';
import { EmptySuccess, failureOf, isRefusal } from './failure.js';
import { kept } from './kept.js';
import { multipart, type PutPart } from './multipart.js';

const MiB = 1 << 20;
/** Up to here a stream is held in memory and put in one request. */
const PUT_LIMIT = 8 * MiB;
const UPLOAD_PART = 8 * MiB;

export interface UploadRequest {
  readonly bucket: string;
  readonly key: string;
  /** URI, for messages. */
  readonly object: string;
  readonly size: number;
  readonly signal: AbortSignal | undefined;
}

interface PutTarget {
  readonly bucket: string;
  readonly key: string;
  readonly signal: AbortSignal | undefined;
  readonly ifFree?: boolean;
  /** A data file, which goes to the storage class for these. */
  readonly content?: boolean;
}

/** Puts bytes in one request with their sha256, which the service checks. */
export async function putObject(connection: S3Connection, target: PutTarget, bytes: Uint8Array): Promise<WriteResult> {
  const sha256 = createHash('sha256').update(bytes).digest('base64');
  const { output, date } = await connection.send(
    ({ sdk, client, options }) =>
      client.send(
        new sdk.PutObjectCommand({
          Bucket: target.bucket,
          Key: target.key,
          Body: bytes,
          ContentLength: bytes.length,
          ChecksumSHA256: sha256,
          ...(target.ifFree ? { IfNoneMatch: '*' } : {}),
          ...kept(connection.config, target.content === true),
        }),
        options,
      ),
    { signal: target.signal },
  );
  if (!output.ETag) throw new EmptySuccess('PutObject');
  return { etag: output.ETag, sum: { alg: 'sha256', value: sha256, kind: 'full' }, date };
}

/**
 * Uploads a stream: small ones in one request, others in parts of which at most four are in memory, and never more than the service's
 * memory allows for all streams together. The sum is bcn's own, over all
 * bytes. Throws `corrupt` before anything becomes visible when the stream does not hold `size` bytes.
 */
export async function uploadStream(connection: S3Connection, request: UploadRequest, body: Readable): Promise<WriteResult> {
  const { bucket, key, object, size, signal } = request;
  const release = stopOnAbort(body, signal, object);
  try {
    if (size <= PUT_LIMIT) {
      const lent = await connection.memory.take(size, signal);
      let sent = false;
      try {
        let filled = 0;
        for await (const chunk of counted(body, size, object)) filled += chunk.copy(lent.bytes, filled);
        const result = await putObject(connection, { bucket, key, signal, content: true }, lent.bytes);
        sent = true;
        return result;
      } finally {
        lent.giveBack(sent);
      }
    }
    const hash = createHash('sha256');
    const partSize = partSizeFor(size, connection.config.partSize ?? UPLOAD_PART);
    const parts = async function* (): AsyncGenerator<PutPart> {
      const room = () => connection.memory.take(partSize, signal);
      for await (const { bytes, lent } of sliced(counted(body, size, object), partSize, room)) {
        hash.update(bytes);
        yield async (id, number, partSignal) => {
          let sent = false;
          try {
            const done = await putPart(connection, request, { id, number, bytes, signal: partSignal });
            sent = true;
            return done;
          } catch (error) {
            // Else the upload would wait for the next bytes of a source that may stay silent.
            body.destroy(error as Error);
            throw error;
          } finally {
            lent.giveBack(sent);
          }
        };
      }
    };
    const { etag, date } = await multipart(connection, { bucket, key, partSize, algorithm: undefined, signal }, parts());
    return { etag, sum: { alg: 'sha256', value: hash.digest('base64'), kind: 'full' }, date };
  } finally {
    release();
    body.destroy();
  }
}

async function* counted(body: Readable, size: number, object: string): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > size) throw wrongLength(object, size, 'more');
    yield chunk;
  }
  if (length !== size) throw wrongLength(object, size, `${length}`);
}

interface Piece {
  readonly bytes: Buffer;
  /** Whoever has used the piece ends the loan. */
  readonly lent: Lent;
}

/** Cuts a stream into pieces of exactly this many bytes, the last one shorter; `room` is asked for before the first byte of each. */
async function* sliced(body: AsyncIterable<Buffer>, bytes: number, room: () => Promise<Lent>): AsyncGenerator<Piece> {
  let lent: Lent | undefined;
  let filled = 0;
  try {
    for await (const chunk of body) {
      for (let at = 0; at < chunk.length; ) {
        lent ??= await room();
        const taken = chunk.copy(lent.bytes, filled, at);
        at += taken;
        filled += taken;
        if (filled < bytes) continue;
        const full = lent;
        [lent, filled] = [undefined, 0];
        yield { bytes: full.bytes, lent: full };
      }
    }
    if (!lent) return;
    const last = lent;
    lent = undefined;
    yield { bytes: last.bytes.subarray(0, filled), lent: last };
  } finally {
    lent?.giveBack(true);
  }
}

interface UploadPart {
  readonly id: string;
  readonly number: number;
  readonly bytes: Buffer;
  readonly signal: AbortSignal;
}

/** A bucket whose objects are locked as they come (object lock with a default retention) wants a sum of each part, which costs time elsewhere. */
async function putPart(connection: S3Connection, request: UploadRequest, part: UploadPart) {
  if (connection.refused.plainPart) return sendPart(connection, request, part, true);
  try {
    return await sendPart(connection, request, part, false);
  } catch (error) {
    if (!isRefusal(error) || !/Content-MD5/i.test(failureOf(error).message)) throw error;
    connection.refused.plainPart = true;
    return sendPart(connection, request, part, true);
  }
}

async function sendPart(connection: S3Connection, request: UploadRequest, part: UploadPart, summed: boolean) {
  const { output } = await connection.send(
    ({ sdk, client, options }) =>
      client.send(
        new sdk.UploadPartCommand({
          Bucket: request.bucket,
          Key: request.key,
          UploadId: part.id,
          PartNumber: part.number,
          Body: part.bytes,
          ContentLength: part.bytes.length,
          ...(summed ? { ContentMD5: createHash('md5').update(part.bytes).digest('base64') } : {}),
        }),
        options,
      ),
    { signal: part.signal },
  );
  if (!output.ETag) throw new EmptySuccess('UploadPart');
  return { number: part.number, etag: output.ETag };
}
