import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ability, NONE } from './row.js';
import { copySource, type Subject, s3Code } from './subject.js';

const fresh = (subject: Subject) => `${subject.prefix}${randomUUID()}`;

const ROUNDS = 25;
const AT_ONCE = 6;
/** Servers take in some KiB before they look at a request; they must look before the body is whole. */
const BODY = 64 << 10;

/** How many of several conditional PUTs of one key, whose last bytes arrive together, are told that they created it. */
async function contend(subject: Subject): Promise<number> {
  const key = fresh(subject);
  const { s3 } = subject;
  const bodies = Array.from({ length: AT_ONCE }, (_, i) => Buffer.alloc(BODY, i));
  let waiting = 0;
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  async function* slowly(bytes: Buffer) {
    yield bytes.subarray(0, -1024);
    if (++waiting === AT_ONCE) void sleep(50).then(open);
    await opened;
    yield bytes.subarray(-1024);
  }
  const send = async (bytes: Buffer): Promise<string | undefined> => {
    if (!s3) return subject.put(key, bytes, { ifFree: true });
    const { sdk, client, bucket: Bucket } = s3;
    const Body = Readable.from(slowly(bytes));
    const put = new sdk.PutObjectCommand({ Bucket, Key: key, Body, ContentLength: bytes.length, IfNoneMatch: '*' });
    // A service may close the connection on those it refuses before they have sent their bodies.
    const answer = await client.send(put).then(
      () => undefined,
      (error: Error) => error.name,
    );
    // One that was refused before it had sent its body must not keep the others waiting.
    open();
    return answer;
  };
  const answers = await Promise.all(bodies.map(send));
  return answers.filter((answer) => answer === undefined).length;
}

export const WRITES: readonly Ability[] = [
  {
    name: 'PUT with If-None-Match: one after another',
    async measure(subject) {
      const key = fresh(subject);
      const first = await subject.put(key, Buffer.from('one'), { ifFree: true });
      const second = await subject.put(key, Buffer.from('two'), { ifFree: true });
      const kept = await subject.get(key);
      return first === undefined && second !== undefined && kept.toString() === 'one' ? 'refused' : 'overwritten';
    },
  },
  {
    name: 'the same, six at once with slow bodies',
    async measure(subject) {
      let most = 0;
      for (let round = 0; round < ROUNDS && most < 2; round++) most = Math.max(most, await contend(subject));
      return ['none succeeds', 'one succeeds'][most] ?? 'several succeed';
    },
  },
  {
    name: 'copy with If-None-Match onto a taken key',
    async measure(subject) {
      const [from, to] = [fresh(subject), fresh(subject)];
      await subject.put(from, Buffer.from('new'));
      await subject.put(to, Buffer.from('old'));
      const { s3 } = subject;
      if (s3) {
        const { sdk, client, bucket: Bucket } = s3;
        const copy = new sdk.CopyObjectCommand({ Bucket, Key: to, CopySource: copySource(Bucket, from), IfNoneMatch: '*' });
        await client.send(copy).catch(s3Code);
      } else await subject.copy(from, to);
      return (await subject.get(to)).toString() === 'old' ? 'refused' : 'overwritten';
    },
  },
  {
    name: 'PUT with a wrong sha256',
    async measure(subject) {
      const { s3 } = subject;
      if (!s3) return NONE;
      const { sdk, client, bucket: Bucket } = s3;
      const ChecksumSHA256 = Buffer.alloc(32).toString('base64');
      const put = new sdk.PutObjectCommand({ Bucket, Key: fresh(subject), Body: Buffer.from('x'), ChecksumSHA256 });
      return client.send(put).then(
        () => 'taken',
        (error) => `refused (${s3Code(error)})`,
      );
    },
  },
  {
    name: 'bulk delete, missing keys among them',
    async measure(subject) {
      const keys = [fresh(subject), fresh(subject), fresh(subject)] as const;
      for (const key of keys.slice(1)) await subject.put(key, Buffer.from('x'));
      const { s3 } = subject;
      if (s3) {
        const { sdk, client, bucket: Bucket } = s3;
        const Delete = { Quiet: true, Objects: keys.map((Key) => ({ Key })) };
        const answer = await client.send(new sdk.DeleteObjectsCommand({ Bucket, Delete })).catch(s3Code);
        if (typeof answer === 'string') return `refused (${answer})`;
        if ((answer.Errors ?? []).length > 0) return `errors: ${answer.Errors?.map(({ Code }) => Code).join(', ')}`;
      } else await Promise.all(keys.map((key) => subject.delete(key)));
      for (const key of keys) if (typeof (await subject.get(key)) !== 'string') return 'incomplete';
      return s3 ? 'yes' : 'one by one';
    },
  },
  {
    name: 'Date header in every answer',
    async measure(subject) {
      const { s3 } = subject;
      if (!s3) return NONE;
      const dates: (string | undefined)[] = [];
      const { client } = s3;
      client.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args);
          const { headers } = result.response as { readonly headers: Readonly<Record<string, string>> };
          dates.push(headers.date);
          return result;
        },
        { step: 'deserialize', name: 'dates', override: true, priority: 'low' },
      );
      const key = fresh(subject);
      await subject.put(key, Buffer.from('x'));
      await subject.get(key);
      await subject.list(key);
      await subject.copy(key, `${key}2`);
      await subject.delete(key);
      await subject.get(key);
      client.middlewareStack.remove('dates');
      return dates.length >= 6 && dates.every((date) => !Number.isNaN(Date.parse(date ?? ''))) ? 'yes' : 'no';
    },
  },
];
