import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type Ability, NONE } from './row.js';
import { copySource, type RawS3, type Subject } from './subject.js';

const ALGORITHMS = ['SHA256', 'CRC64NVME', 'CRC32C', 'CRC32'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];
export type Sums = { readonly [member: string]: unknown };

export const fresh = (subject: Subject) => `${subject.prefix}${randomUUID()}`;
export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

export interface Answered {
  readonly sums: Sums | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly algorithm: Algorithm;
  /** What a SHA256 must be; other algorithms are taken at their word. */
  readonly truth: Buffer;
}

/** Where an answer names the checksum: in its body, in its headers; and whether it is the right one. */
export function where({ sums, headers, algorithm, truth }: Answered): string {
  const found = { XML: sums?.[`Checksum${algorithm}`], header: headers[`x-amz-checksum-${algorithm.toLowerCase()}`] };
  const named = Object.entries(found).filter(([, value]) => value !== undefined);
  if (named.length === 0) return 'none';
  const right = `${truth.toString('base64')}`;
  const wrong = algorithm === 'SHA256' && named.some(([, value]) => String(value).replace(/-\d+$/, '') !== right);
  return `${named.map(([place]) => place).join(' and ')}${wrong ? ', wrong' : ''}`;
}

/** Calls with the headers of the answer. */
export async function withHeaders<T>(
  { client }: RawS3,
  call: () => Promise<T>,
): Promise<{ output: T; headers: Record<string, string> }> {
  let headers: Record<string, string> = {};
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      ({ headers } = result.response as { readonly headers: Record<string, string> });
      return result;
    },
    { step: 'deserialize', name: 'answered', override: true, priority: 'low' },
  );
  try {
    return { output: await call(), headers };
  } finally {
    client.middlewareStack.remove('answered');
  }
}

/** Puts an object with a SHA256, as bcn does, or with none. */
export async function putWith({ sdk, client, bucket: Bucket }: RawS3, Key: string, Body: Buffer, sum: boolean): Promise<void> {
  const checksum = sum ? { ChecksumSHA256: sha256(Body).toString('base64') } : {};
  await client.send(new sdk.PutObjectCommand({ Bucket, Key, Body, ...checksum }));
}

/** Of which kind an object's checksum is by HEAD. */
export async function byHead({ sdk, client, bucket: Bucket }: RawS3, Key: string, algorithm: Algorithm): Promise<string> {
  const head = (await client.send(new sdk.HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))) as unknown as Sums;
  return head[`Checksum${algorithm}`] === undefined ? 'none' : String(head.ChecksumType).toLowerCase().replace('_', ' ');
}

/** `SHA256, CRC32: XML; CRC32C: none`. */
export async function each(measure: (algorithm: Algorithm) => Promise<string>): Promise<string> {
  const groups = new Map<string, Algorithm[]>();
  for (const algorithm of ALGORITHMS) {
    const found = await measure(algorithm);
    groups.set(found, [...(groups.get(found) ?? []), algorithm]);
  }
  if (groups.size === 1) return [...groups.keys()][0] as string;
  return [...groups].map(([found, algorithms]) => `${algorithms.join(', ')}: ${found}`).join('; ');
}

/** Copies an object in one request; where its checksum is in the answer, and of which kind it is by HEAD. */
async function copied(subject: Subject, sum: boolean): Promise<string> {
  const { s3 } = subject;
  if (!s3) return NONE;
  const { sdk, client, bucket: Bucket } = s3;
  const [from, bytes] = [fresh(subject), randomBytes(1000)];
  await putWith(s3, from, bytes, sum);
  return each(async (algorithm) => {
    const Key = fresh(subject);
    const copy = { Bucket, Key, CopySource: copySource(Bucket, from), ChecksumAlgorithm: algorithm };
    const { output, headers } = await withHeaders(s3, () => client.send(new sdk.CopyObjectCommand(copy)));
    const sums = output.CopyObjectResult as Sums | undefined;
    return `${where({ sums, headers, algorithm, truth: sha256(bytes) })}, ${await byHead(s3, Key, algorithm)}`;
  });
}

export const SUMS: readonly Ability[] = [
  { name: 'checksum of a copy: in its answer, by HEAD', measure: (subject) => copied(subject, false) },
  { name: 'the same, of a source with SHA256', measure: (subject) => copied(subject, true) },
];
