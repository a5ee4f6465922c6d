import { randomBytes, randomUUID } from 'node:crypto';
import { type Ability, NONE } from './row.js';
import { copySource, type RawS3, type Subject } from './subject.js';

const MiB = 1 << 20;
const fresh = (subject: Subject) => `${subject.prefix}${randomUUID()}`;

async function listed({ sdk, client, bucket: Bucket }: RawS3, Prefix: string): Promise<readonly string[]> {
  const { Uploads = [] } = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix }));
  return Uploads.map(({ Key }) => Key ?? '');
}

async function open({ sdk, client, bucket: Bucket }: RawS3, Key: string): Promise<() => Promise<unknown>> {
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ Bucket, Key }));
  return () => client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
}

export const UPLOADS: readonly Ability[] = [
  {
    name: 'ListMultipartUploads: by the exact key, by a prefix of it',
    async measure(subject) {
      const { s3 } = subject;
      if (!s3) return NONE;
      const key = `${fresh(subject)}/a`;
      const abort = await open(s3, key);
      try {
        const found = [key, key.slice(0, -2)].map(async (prefix) => ((await listed(s3, prefix)).includes(key) ? 'yes' : 'no'));
        return (await Promise.all(found)).join(', ');
      } finally {
        await abort();
      }
    },
  },
  {
    name: 'an object listed while its upload is unfinished',
    async measure(subject) {
      const { s3 } = subject;
      if (!s3) return NONE;
      const key = `${fresh(subject)}/a`;
      const abort = await open(s3, key);
      const during = [...(await subject.list(key)), ...(await subject.list(key.slice(0, -1), '/'))];
      await abort();
      return during.length > 0 ? 'yes' : 'no';
    },
  },
  {
    name: 'a part below 5 MiB that is not the last',
    async measure(subject) {
      const { s3 } = subject;
      if (!s3) return NONE;
      const { sdk, client, bucket: Bucket } = s3;
      const [from, Key] = [fresh(subject), fresh(subject)];
      await subject.put(from, randomBytes(2 * MiB));
      const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ Bucket, Key }));
      const Parts = [];
      for (const PartNumber of [1, 2]) {
        const CopySourceRange = PartNumber === 1 ? `bytes=0-${MiB - 1}` : `bytes=${MiB}-${2 * MiB - 1}`;
        const part = new sdk.UploadPartCopyCommand({
          ...{ Bucket, Key, UploadId, PartNumber, CopySource: copySource(Bucket, from), CopySourceRange },
        });
        Parts.push({ PartNumber, ETag: (await client.send(part)).CopyPartResult?.ETag });
      }
      const complete = new sdk.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } });
      const taken = await client.send(complete).then(
        () => true,
        () => false,
      );
      if (!taken) await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
      return taken ? 'taken' : 'refused';
    },
  },
];
