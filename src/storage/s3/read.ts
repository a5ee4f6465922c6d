import { pipeline, type Readable, Transform } from 'node:stream';
import { BcnError } from '../../errors.js';
import { interrupted, stopOnAbort } from '../guard.js';
import type { StoredBytes } from '../port.js';
import { checksumOf } from './checksum.js';
import type { Answer, S3Connection } from './client.js';
import { s3Error } from './errors.js';
import { EmptySuccess } from './failure.js';
import { BrokenBody, resumable } from './resume.js';
import { retry } from './retry.js';
import { wholeSum } from './whole.js';

export interface ReadRequest {
  readonly bucket: string;
  readonly key: string;
  /** URI, for messages. */
  readonly object: string;
  readonly signal: AbortSignal | undefined;
}

interface Rest {
  /** Only the bytes from this one on, and only if the object is still this one. */
  readonly Range?: string;
  readonly IfMatch?: string;
}

async function open(connection: S3Connection, { bucket: Bucket, key: Key, signal }: ReadRequest, rest: Rest = {}) {
  const answer = await connection.send(
    ({ sdk, client, options }) => client.send(new sdk.GetObjectCommand({ Bucket, Key, ...rest }), options),
    { signal },
  );
  // Any web server answers a GET; what is not from S3 must not be taken for the object.
  if (answer.output.ETag || answer.headers['x-amz-request-id']) return answer;
  (answer.output.Body as Readable | undefined)?.destroy();
  throw new EmptySuccess('GetObject');
}

type Opened = Answer<Awaited<ReturnType<typeof open>>['output']>;

/** The whole object. A body that breaks off is asked for again, twice. */
export function getObject(connection: S3Connection, request: ReadRequest): Promise<StoredBytes> {
  const attempt = async (): Promise<StoredBytes> => {
    const answer = await open(connection, request);
    const chunks: Buffer[] = [];
    for await (const chunk of body(answer, request)) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const { ETag, LastModified } = answer.output;
    return { key: request.key, size: bytes.length, etag: ETag, modified: LastModified?.getTime(), bytes, date: answer.date };
  };
  return retry({ attempts: 3, when: isBroken, signal: request.signal }, attempt);
}

/**
 * The object as a stream. One that breaks off is continued from there while the object is still the same (If-Match), and held against the
 * service's checksum as a whole; else destroyed with `storage-unavailable` or `source-changed`, never ended.
 */
export async function readObject(connection: S3Connection, request: ReadRequest): Promise<Readable> {
  const first = await open(connection, request);
  const { ETag, ContentLength } = first.output;
  if (!ETag || ContentLength === undefined) return body(first, request);
  const reopen = async (from: number) => {
    const range = await open(connection, request, { Range: `bytes=${from}-`, IfMatch: ETag }).catch((error: unknown) => {
      throw s3Error(error, { action: 'read', ...request }, connection.config);
    });
    if (range.output.ContentRange === `bytes ${from}-${ContentLength - 1}/${ContentLength}`) return body(range, request);
    (range.output.Body as Readable | undefined)?.destroy();
    throw broken(request.object, `it cannot be continued at byte ${from}`);
  };
  return resumable(body(first, request), {
    length: ContentLength,
    sum: wholeSum(checksumOf(first.output, first.headers)),
    contradicted: () => broken(request.object, 'the checksum of the service contradicts the bytes that came in pieces'),
    reopen,
    isBroken,
    signal: request.signal,
  });
}

function isBroken(error: unknown): boolean {
  return error instanceof BcnError && error.cause instanceof BrokenBody;
}

function body({ output }: Opened, { object, signal }: ReadRequest): Readable {
  const expected = output.ContentLength;
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

function broken(object: string, what: string, cause?: Error): BcnError {
  return new BcnError('storage-unavailable', `The download of ${object} broke off: ${what}.`, {
    object,
    cause: new BrokenBody(what, { cause }),
    hint: 'Run the same command again.',
  });
}
