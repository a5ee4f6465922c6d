import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { S3Connection } from './client.js';
import { knowsNoConditions } from './create.js';
import { EmptySuccess, failureOf, isS3Code } from './failure.js';
import { Gate } from './gate.js';
import { kept } from './kept.js';
import { getObject } from './read.js';
import { deleteObjects } from './remove.js';
import { retry } from './retry.js';
import { putObject } from './upload.js';

const KiB = 1 << 10;
const WRITERS = 8;
/** Rounds in which the bodies wait for each other half-sent: they find every service that looks at the key before it has the body. */
const SLOW_ROUNDS = 2;
/** Rounds without a wait, which a proxy that takes in whole bodies first would make of the others anyway. */
const QUICK_ROUNDS = 4;
/** Sent at once, in pieces of which each waits for the one before it. More than services take in before they look at a request (fasthttp: 8 KiB). */
const HEAD = 64 * KiB;
const PIECE = 16 * KiB;
/** Held back until all requests are under way. */
const TAIL = 4 * KiB;
/** ms for the service to look at the key on behalf of every writer, after their first bytes have left. */
const SETTLE = { least: 200, most: 2_000 };

export interface ProbeRequest {
  readonly bucket: string;
  /** What the keys of the probe begin with. */
  readonly prefix: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Whether a conditional PUT of the service is a compare-and-swap: of several at once on one key, never two succeed, and the winner's bytes are those that stay. Their bodies
 * arrive slowly and end together, since PUTs one after another prove nothing: some services look at the key before they have the body. False also for a service that refuses
 * the header. Throws the SDK's error, after three tries of a round, when a writer fails otherwise. The objects are removed, if this identity may do that.
 */
export async function probeConditionalPut(connection: S3Connection, request: ProbeRequest): Promise<boolean> {
  const keys: string[] = [];
  let settle = SETTLE.least;
  try {
    for (let round = 1; round <= SLOW_ROUNDS + QUICK_ROUNDS; round++) {
      const wait = round <= SLOW_ROUNDS ? settle : 0;
      const when = (error: unknown) => (failureOf(error).status ?? 500) >= 500;
      const { holds, answered } = await retry({ attempts: 3, when, signal: request.signal }, () => {
        const key = `${request.prefix}${round}-${randomBytes(8).toString('hex')}`;
        keys.push(key);
        return contend(connection, { ...request, key, object: `s3://${request.bucket}/${key}` }, wait);
      });
      if (!holds) return false;
      settle = Math.min(Math.max(SETTLE.least, 3 * answered), SETTLE.most);
    }
    return true;
  } catch (error) {
    if (failureOf(error).status === undefined && !request.signal?.aborted) await askPlainly(connection, request, keys);
    throw error;
  } finally {
    await deleteObjects(connection, request.bucket, keys, AbortSignal.timeout(10_000)).catch(() => undefined);
  }
}

/**
 * Says why, where the service closes the connection on a body half-sent before its reason can be read (versitygw, for a bucket that is missing): throws what a plain PUT is
 * refused with.
 */
async function askPlainly(connection: S3Connection, request: ProbeRequest, keys: string[]): Promise<void> {
  const key = `${request.prefix}0-${randomBytes(8).toString('hex')}`;
  keys.push(key);
  await putObject(connection, { ...request, key, ifFree: true }, Buffer.alloc(0));
}

type Contended = ProbeRequest & { readonly key: string; readonly object: string };

/** One round. `answered`: ms from the last bytes to the first answer, about what a request of one packet takes. */
async function contend(
  connection: S3Connection,
  request: Contended,
  settle: number,
): Promise<{ readonly holds: boolean; readonly answered: number }> {
  const bodies = Array.from({ length: WRITERS }, () => randomBytes(HEAD + TAIL));
  const gate = new Gate(WRITERS, settle, request.signal);
  try {
    const write = async (bytes: Buffer) => {
      const outcome = await putSlowly(connection, request, bytes, gate).then(
        () => 'won' as const,
        (error: unknown) => (isLoss(error) ? ('lost' as const) : { error }),
      );
      gate.answered();
      return outcome;
    };
    const outcomes = await Promise.all(bodies.map(write));
    const winners = bodies.filter((_, i) => outcomes[i] === 'won');
    const failed = outcomes.find((outcome) => typeof outcome === 'object');
    const broken = { holds: false, answered: gate.took };
    if (winners.length > 1 || (failed && knowsNoConditions(failed.error))) return broken;
    if (failed) throw failed.error;
    const [winner] = winners;
    if (winner && !(await stays(connection, request, winner))) return broken;
    return { holds: true, answered: gate.took };
  } finally {
    gate.open();
  }
}

async function stays(connection: S3Connection, request: Contended, winner: Buffer): Promise<boolean> {
  try {
    return (await getObject(connection, request)).bytes.equals(winner);
  } catch (error) {
    if (isS3Code(error, 'NoSuchKey')) return false;
    throw error;
  }
}

/** Sends once: the SDK does not repeat a stream, and a repeated one could lose against itself. */
async function putSlowly(connection: S3Connection, { bucket, key, signal }: Contended, bytes: Buffer, gate: Gate) {
  const sha256 = createHash('sha256').update(bytes).digest();
  const { output } = await connection.send(
    ({ sdk, client, options }) => {
      const command = new sdk.PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: Readable.from(slowly(bytes, gate), { objectMode: false, highWaterMark: 1 }),
        ContentLength: bytes.length,
        ChecksumSHA256: sha256.toString('base64'),
        IfNoneMatch: '*',
        ...kept(connection.config, false),
      });
      // The SDK does not hash a stream, and not every service takes an unsigned body.
      command.middlewareStack.add(
        (next) => (args) => {
          const { headers } = args.request as { readonly headers: Record<string, string> };
          headers['x-amz-content-sha256'] = sha256.toString('hex');
          return next(args);
        },
        { step: 'build', name: 'bcnBodyHash' },
      );
      return client.send(command, options);
    },
    { signal },
  );
  if (!output.ETag) throw new EmptySuccess('PutObject');
}

async function* slowly(bytes: Buffer, gate: Gate) {
  for (let at = 0; at < HEAD; at += PIECE) yield bytes.subarray(at, at + PIECE);
  await gate.pass();
  yield bytes.subarray(HEAD);
}

/** 409: somebody else's conditional write was under way (S3). */
function isLoss(error: unknown): boolean {
  const { status } = failureOf(error);
  return status === 412 || status === 409;
}
