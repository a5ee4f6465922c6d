import { pipeline, type Readable, Transform } from 'node:stream';
import { BcnError } from '../../errors.js';
import { interrupted, stopOnAbort } from '../guard.js';
import type { StoredBytes } from '../port.js';
import type { Answer, S3Connection } from './client.js';
import { EmptySuccess } from './failure.js';
import { retry } from './retry.js';

export interface ReadRequest {
  readonly bucket: string;
  readonly key: string;
  /** URI, for messages. */
  readonly object: string;
  readonly signal: AbortSignal | undefined;
}

/** Raised when a body ends before its announced length, or breaks off. */
class BrokenBody extends Error {}

async function open(connection: S3Connection, { bucket: Bucket, key: Key, signal }: ReadRequest) {
  const answer = await connection.send(
    ({ sdk, client, options }) => client.send(new sdk.GetObjectCommand({ Bucket, Key }), options),
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
  const when = (error: unknown) => error instanceof BcnError && error.cause instanceof BrokenBody;
  return retry({ attempts: 3, when, signal: request.signal }, attempt);
}

/** The object as a stream; one that breaks off is destroyed with `storage-unavailable`, never ended. */
export async function readObject(connection: S3Connection, request: ReadRequest): Promise<Readable> {
  return body(await open(connection, request), request);
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
