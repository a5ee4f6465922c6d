import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type Ability, NONE } from './row.js';
import { type Subject, s3Code } from './subject.js';

const SIZE = 1000;
const bytes = randomBytes(SIZE);

async function made(subject: Subject, body = bytes): Promise<string> {
  const key = `${subject.prefix}${randomUUID()}`;
  await subject.put(key, body);
  return key;
}

/** What a GET of [start, end) of an object gives. */
async function given(subject: Subject, key: string, start: number, end: number, whole = bytes): Promise<string> {
  const found = await subject.range(key, start, end);
  if (typeof found === 'string') return `refused (${found})`;
  if (!found.equals(whole.subarray(start, end))) return found.equals(whole) ? 'the whole object' : 'other bytes';
  return found.length === end - start ? 'these bytes' : `${found.length === 0 ? 'no' : 'fewer'} bytes`;
}

export const RANGES: readonly Ability[] = [
  {
    name: 'GET of a range: in the object, over its end',
    async measure(subject) {
      const key = await made(subject);
      return `${await given(subject, key, 10, 20)}, ${await given(subject, key, SIZE - 10, SIZE + 10)}`;
    },
  },
  {
    name: 'a range that begins at the end, of an empty object',
    async measure(subject) {
      const empty = Buffer.alloc(0);
      const atEnd = await given(subject, await made(subject), SIZE, SIZE + 10);
      return `${atEnd}, ${await given(subject, await made(subject, empty), 0, 10, empty)}`;
    },
  },
  {
    name: 'a range bound to an ETag that is another by now',
    async measure(subject) {
      if (!subject.s3) return NONE;
      const { sdk, client, bucket: Bucket } = subject.s3;
      const get = { Bucket, Key: await made(subject), Range: 'bytes=10-19', IfMatch: '"00000000000000000000000000000000"' };
      return client.send(new sdk.GetObjectCommand(get)).then(
        () => 'these bytes',
        (error) => `refused (${s3Code(error)})`,
      );
    },
  },
  {
    name: 'checksum with a range, with one that is all: of an object with SHA256',
    async measure(subject) {
      if (!subject.s3) return NONE;
      const { sdk, client, bucket: Bucket } = subject.s3;
      const Key = await made(subject);
      const sum = (part: Buffer) => createHash('sha256').update(part).digest('base64');
      await client.send(new sdk.PutObjectCommand({ Bucket, Key, Body: bytes, ChecksumSHA256: sum(bytes) }));
      const ask = async (start: number, end: number) => {
        const Range = `bytes=${start}-${end - 1}`;
        const answer = await client.send(new sdk.GetObjectCommand({ Bucket, Key, Range, ChecksumMode: 'ENABLED' }));
        const found = answer.ChecksumSHA256;
        if (found === undefined) return 'none';
        if (found === sum(bytes.subarray(start, end))) return 'of these bytes';
        return found === sum(bytes) ? 'of the whole' : 'another';
      };
      return `${await ask(10, 20)}, ${await ask(0, SIZE)}`;
    },
  },
];
