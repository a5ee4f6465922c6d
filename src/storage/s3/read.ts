import { pipeline, type Readable, Transform } from 'node:stream';
import { BcnError } from '../../errors.js';
import { interrupted, stopOnAbort, tooShort } from '../guard.js';
import type { ByteRange, StoredBytes } from '../port.js';
import { checksumOf } from './checksum.js';
import type { Answer, S3Connection } from './client.js';
import { s3Error } from './errors.js';
import { extentOf, holds, rangeHeader } from './extent.js';
import { EmptySuccess, isBehindEnd } from './failure.js';
import { BrokenBody, resumable } from './resume.js';
import { retry } from './retry.js';
import { wholeSum } from './whole.js';

export interface ReadRequest {
  readonly bucket: string;
  readonly key: string;
  /** URI, for messages. */
  readonly object: string;
  readonly signal: AbortSignal | undefined;
  /** Only these bytes; not for `getObject`. */
  readonly range?: ByteRange | undefined;
}

interface Part {
  readonly Range?: string | undefined;
  /** Only if the object is still this one. */
  readonly IfMatch?: string;
}

async function open(connection: S3Connection, { bucket: Bucket, key: Key, signal }: ReadRequest, part: Part = {}) {
  const answer = await connection.send(
    ({ sdk, client, options }) => client.send(new sdk.GetObjectCommand({ Bucket, Key, ...part }), options),
    { signal },
  );
  // Any web server answers a GET; what is not from S3 must not be taken for the object.
  if (answer.output.ETag || answer.headers['x-amz-request-id']) return answer;
  drop(answer);
  throw new EmptySuccess('GetObject');
}

type Opened = Answer<Awaited<ReturnType<typeof open>>['output']>;

/** The whole object. A body that breaks off is asked for again, twice. */
export function getObject(connection: S3Connection, request: ReadRequest): Promise<StoredBytes> {
  const attempt = async (): Promise<StoredBytes> => {
    const answer = await open(connection, request);
    const chunks: Buffer[] = [];
    for await (const chunk of body(answer, request, answer.output.ContentLength)) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const { ETag, LastModified } = answer.output;
    return { key: request.key, size: bytes.length, etag: ETag, modified: LastModified?.getTime(), bytes, date: answer.date };
  };
  return retry({ attempts: 3, when: isBroken, signal: request.signal }, attempt);
}

/**
 * The object, or a range of it, as a stream. One that breaks off is continued from there while the object is still the same (If-Match), and a whole
 * object is held against the service's checksum; else destroyed with `storage-unavailable` or `source-changed`, never ended.
 */
export async function readObject(connection: S3Connection, request: ReadRequest): Promise<Readable> {
  const { object, range } = request;
  const first = await open(connection, request, range && { Range: rangeHeader(range) }).catch((error: unknown) => {
    throw range && isBehindEnd(error) ? tooShort(object, range.start + 1, error) : error;
  });
  const { ETag } = first.output;
  const extent = extentOf(first.output, range);
  if (range && !extent) {
    drop(first);
    throw otherBytes(object, rangeHeader(range), first.output.ContentRange);
  }
  if (!ETag || !extent) return body(first, request, extent && extent.end - extent.start);
  const reopen = async (at: number) => {
    const rest = { ...extent, start: extent.start + at };
    const answer = await open(connection, request, { Range: rangeHeader(rest), IfMatch: ETag }).catch((error: unknown) => {
      throw s3Error(error, { action: 'read', ...request }, connection.config);
    });
    if (holds(answer.output, rest)) return body(answer, request, rest.end - rest.start);
    drop(answer);
    throw broken(object, `it cannot be continued at byte ${rest.start}`);
  };
  const length = extent.end - extent.start;
  return resumable(body(first, request, length), {
    length,
    sum: wholeSum(checksumOf(first.output, first.headers)),
    contradicted: () => broken(object, 'the checksum of the service contradicts the bytes that came in pieces'),
    reopen,
    isBroken,
    signal: request.signal,
  });
}

function isBroken(error: unknown): boolean {
  return error instanceof BcnError && error.cause instanceof BrokenBody;
}

/** `expected` = bytes that must come; undefined where the service does not say. */
function body({ output }: Opened, { object, signal }: ReadRequest, expected: number | undefined): Readable {
  let length = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      done(expected === undefined || length === expected ? null : broken(object, `${length} of ${expected} bytes came`));
    },
  });
  const source = output.Body as Readable;
  // The SDK's own errors (aborted, checksum mismatch) do not name the object.
  source.once('error', (error) =>
    check.destroy(signal?.aborted ? interrupted(signal, object) : broken(object, error.message, error)),
  );
  source.once('close', () => {
    if (!source.readableEnded) check.destroy(broken(object, 'the connection closed'));
  });
  check.once('close', stopOnAbort(check, signal, object));
  pipeline(source, check, () => {});
  return check;
}

function drop({ output }: Opened): void {
  (output.Body as Readable | undefined)?.destroy();
}

function otherBytes(object: string, asked: string, given = 'the whole object'): BcnError {
  return new BcnError('unsupported', `The service answers ${asked} of ${object} with ${given}.`, {
    object,
    hint: 'bcn needs Range requests: check what stands between it and the service.',
  });
}

function broken(object: string, what: string, cause?: Error): BcnError {
  return new BcnError('storage-unavailable', `The download of ${object} broke off: ${what}.`, {
    object,
    cause: new BrokenBody(what, { cause }),
    hint: 'Run the same command again.',
  });
}
