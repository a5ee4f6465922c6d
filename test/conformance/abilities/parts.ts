import { randomBytes } from 'node:crypto';
import { type Ability, NONE } from './row.js';
import { copySource, type RawS3, type Subject, s3Code } from './subject.js';
import { type Algorithm, byHead, each, fresh, putWith, type Sums, sha256, where, withHeaders } from './sums.js';

const MiB = 1 << 20;
const CUT = 5 * MiB;
const BYTES = randomBytes(6 * MiB);
const RANGES = [`bytes=0-${CUT - 1}`, `bytes=${CUT}-${BYTES.length - 1}`];
const COMPOSITE = sha256(Buffer.concat([sha256(BYTES.subarray(0, CUT)), sha256(BYTES.subarray(CUT))]));
const WRONG_ETAG = '"0123456789abcdef0123456789abcdef"';

/** Copies in two parts and hands the checksums of the parts to the completion, as S3 asks. Throws the service's refusal. */
async function copyInParts(s3: RawS3, from: string, Key: string, algorithm?: Algorithm) {
  const { sdk, client, bucket: Bucket } = s3;
  const wish = algorithm ? { ChecksumAlgorithm: algorithm } : {};
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ Bucket, Key, ...wish }));
  try {
    const Parts = [];
    for (const [i, CopySourceRange] of RANGES.entries()) {
      const PartNumber = i + 1;
      const part = { Bucket, Key, UploadId, PartNumber, CopySource: copySource(Bucket, from), CopySourceRange };
      const { output, headers } = await withHeaders(s3, () => client.send(new sdk.UploadPartCopyCommand(part)));
      const result = output.CopyPartResult;
      const sum = algorithm && (result?.[`Checksum${algorithm}`] ?? headers[`x-amz-checksum-${algorithm.toLowerCase()}`]);
      Parts.push({ PartNumber, ETag: result?.ETag, ...(algorithm ? { [`Checksum${algorithm}`]: sum } : {}) });
    }
    const complete = new sdk.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } });
    return await withHeaders(s3, () => client.send(complete));
  } catch (error) {
    await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    throw error;
  }
}

/** Where the completion names the checksum, and of which kind it is by HEAD. */
async function sumOf(subject: Subject, s3: RawS3, from: string, algorithm: Algorithm): Promise<string> {
  const key = fresh(subject);
  try {
    const { output, headers } = await copyInParts(s3, from, key, algorithm);
    const found = where({ sums: output as unknown as Sums, headers, algorithm, truth: COMPOSITE });
    return `${found}, ${await byHead(s3, key, algorithm)}`;
  } catch (error) {
    return `refused (${s3Code(error)})`;
  }
}

async function sums(subject: Subject, make: (s3: RawS3, from: string) => Promise<unknown>): Promise<string> {
  const { s3 } = subject;
  if (!s3) return NONE;
  const from = fresh(subject);
  // Where the source cannot be made, there is no such question.
  if (typeof (await make(s3, from).catch(s3Code)) === 'string') return NONE;
  return each((algorithm) => sumOf(subject, s3, from, algorithm));
}

export const PARTS: readonly Ability[] = [
  {
    name: 'copy in parts',
    async measure(subject) {
      const { s3 } = subject;
      if (!s3) return NONE;
      const [from, to] = [fresh(subject), fresh(subject)];
      await subject.put(from, BYTES);
      const answer = await copyInParts(s3, from, to).catch(s3Code);
      if (typeof answer === 'string') return `refused (${answer})`;
      const found = await subject.get(to);
      return typeof found !== 'string' && found.equals(BYTES) ? 'yes' : 'other bytes';
    },
  },
  {
    name: 'its parts are bound to the ETag of the source',
    async measure(subject) {
      const { s3 } = subject;
      if (!s3) return NONE;
      const { sdk, client, bucket: Bucket } = s3;
      const [from, Key] = [fresh(subject), fresh(subject)];
      await subject.put(from, Buffer.from('x'));
      const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ Bucket, Key }));
      const part = { Bucket, Key, UploadId, PartNumber: 1, CopySource: copySource(Bucket, from), CopySourceIfMatch: WRONG_ETAG };
      const answer = await client.send(new sdk.UploadPartCopyCommand(part)).catch(s3Code);
      await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
      return typeof answer === 'string' ? 'yes' : 'no';
    },
  },
  {
    name: 'checksum of a copy in parts: in its answer, by HEAD',
    measure: (subject) => sums(subject, (s3, from) => putWith(s3, from, BYTES, false)),
  },
  {
    name: 'in parts, of a source with SHA256',
    measure: (subject) => sums(subject, (s3, from) => putWith(s3, from, BYTES, true)),
  },
  {
    name: 'in parts, of a source made of parts with SHA256',
    measure: (subject) =>
      sums(subject, async (s3, from) => {
        const whole = fresh(subject);
        await putWith(s3, whole, BYTES, false);
        return copyInParts(s3, whole, from, 'SHA256');
      }),
  },
];
