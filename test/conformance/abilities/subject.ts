import type { S3Client } from '@aws-sdk/client-s3';
import type { BcnError } from '../../../src/errors.js';
import type { ObjectStore } from '../../../src/storage/port.js';

export type Sdk = typeof import('@aws-sdk/client-s3');

/** An S3 service as it is, without bcn's adapter in front of it. */
export interface RawS3 {
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly bucket: string;
}

/** One store whose abilities are measured. */
export interface Subject {
  /** Keys below it belong to this run; ends in '/'. */
  readonly prefix: string;
  /** The service itself, where the store is one; what is not asked of it is asked of bcn's port. */
  readonly s3?: RawS3;
  /** Creates or replaces (`ifFree`: only creates). Returns undefined, or the code of the refusal. */
  put(key: string, bytes: Buffer, options?: { readonly ifFree?: boolean }): Promise<string | undefined>;
  /** The bytes, or the code of the refusal. */
  get(key: string): Promise<Buffer | string>;
  /** Bytes [start, end), or the code of the refusal. */
  range(key: string, start: number, end: number): Promise<Buffer | string>;
  /** Keys and, with a delimiter, folded prefixes; or the code of the refusal. */
  list(prefix: string, delimiter?: '/'): Promise<readonly string[] | string>;
  copy(from: string, to: string): Promise<string | undefined>;
  delete(key: string): Promise<void>;
}

/** A store of bcn's own: what it is, is its adapter. */
export function portSubject(store: ObjectStore, prefix: string): Subject {
  const code = (error: unknown): string => {
    const { code } = error as BcnError;
    if (typeof code !== 'string') throw error;
    return code;
  };
  const done = () => undefined;
  return {
    prefix,
    async put(key, bytes, { ifFree } = {}) {
      if (ifFree) return store.create(key, bytes).then(done, code);
      const { Readable } = await import('node:stream');
      return store.upload(key, Readable.from([bytes]), bytes.length).then(done, code);
    },
    get: (key) => store.get(key).then(({ bytes }) => bytes, code),
    async range(key, start, end) {
      const { buffer } = await import('node:stream/consumers');
      return store.read(key, { range: { start, end } }).then(buffer, code);
    },
    async list(start, delimiter) {
      const found: string[] = [];
      for await (const page of store.list(start, delimiter ? { delimiter } : {}))
        found.push(...page.objects.map(({ key }) => key), ...page.prefixes);
      return found;
    },
    copy: async (from, to) => {
      const source = await store.get(from).then(({ size }) => ({ store, key: from, size }), code);
      return typeof source === 'string' ? source : store.copy(source, to).then(done, code);
    },
    delete: (key) => store.delete([key]),
  };
}

/** A bucket of an S3 service, by the vendor's client. */
export function s3Subject(s3: RawS3): Subject {
  const { sdk, client, bucket: Bucket } = s3;
  const done = () => undefined;
  return {
    prefix: 'try/',
    s3,
    put: (Key, Body, { ifFree } = {}) =>
      client
        .send(
          new sdk.PutObjectCommand({ Bucket, Key, Body, ContentLength: Body.length, ...(ifFree ? { IfNoneMatch: '*' } : {}) }),
        )
        .then(done, s3Code),
    get: (Key) =>
      client
        .send(new sdk.GetObjectCommand({ Bucket, Key }))
        .then(async ({ Body }) => Buffer.from((await Body?.transformToByteArray()) ?? []), s3Code),
    range: (Key, start, end) =>
      client
        .send(new sdk.GetObjectCommand({ Bucket, Key, Range: `bytes=${start}-${end - 1}` }))
        .then(async ({ Body }) => Buffer.from((await Body?.transformToByteArray()) ?? []), s3Code),
    list: (Prefix, Delimiter) =>
      client
        .send(new sdk.ListObjectsV2Command({ Bucket, Prefix, EncodingType: 'url', ...(Delimiter ? { Delimiter } : {}) }))
        .then(({ Contents = [], CommonPrefixes = [], EncodingType }) => {
          const names = [...Contents.map(({ Key }) => Key ?? ''), ...CommonPrefixes.map(({ Prefix }) => Prefix ?? '')];
          return EncodingType === 'url' ? names.map((name) => decodeURIComponent(name.replaceAll('+', ' '))) : names;
        }, s3Code),
    copy: (from, Key) =>
      client.send(new sdk.CopyObjectCommand({ Bucket, Key, CopySource: copySource(Bucket, from) })).then(done, s3Code),
    delete: (Key) => client.send(new sdk.DeleteObjectCommand({ Bucket, Key })).then(done, done),
  };
}

export function copySource(bucket: string, key: string): string {
  return `${bucket}/${encodeURIComponent(key)}`;
}

/** The code of a refusal; a failure that is no answer at all is thrown on. */
export function s3Code(error: unknown): string {
  const { name, $metadata } = error as { readonly name: string; readonly $metadata?: { readonly httpStatusCode?: number } };
  if ($metadata?.httpStatusCode === undefined) throw error;
  return /^\d*$/.test(name) ? `HTTP ${$metadata.httpStatusCode}` : name;
}
