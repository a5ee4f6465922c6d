import { BcnError } from '../../errors.js';
import { byteCompare } from '../location.js';
import type { CallOptions } from '../port.js';
import type { ObjectVersion, ObjectVersions, VersionId } from '../versions.js';
import type { S3Connection } from './client.js';
import { type S3Request, s3Error } from './errors.js';
import { failureOf, isRefusal, isS3Code } from './failure.js';
import { decodeKey } from './list.js';
import { isLock, perKey } from './remove.js';
import { fitsXml } from './xml.js';

const KEYS_AT_ONCE = 1000;

/** Versions and locks of one bucket. */
export class S3Versions implements ObjectVersions {
  readonly #connection: S3Connection;
  readonly #bucket: string;

  constructor(connection: S3Connection, bucket: string) {
    this.#connection = connection;
    this.#bucket = bucket;
  }

  async kept({ signal }: CallOptions = {}): Promise<boolean | undefined> {
    const Bucket = this.#bucket;
    try {
      const { output } = await this.#connection.send(
        ({ sdk, client, options }) => client.send(new sdk.GetBucketVersioningCommand({ Bucket }), options),
        { signal },
      );
      return output.Status !== undefined;
    } catch (error) {
      const { status = 0 } = failureOf(error);
      // Whatever the service has against the question: it is asked for a remark only.
      if ((status >= 400 && status < 500) || isRefusal(error)) return undefined;
      throw this.#error(error, { action: 'read', object: `s3://${Bucket}`, signal });
    }
  }

  async *list(prefix: string, { signal }: CallOptions = {}): AsyncGenerator<ObjectVersion> {
    let marker: { readonly KeyMarker: string; readonly VersionIdMarker?: string } | undefined;
    do {
      const page = await this.#page(prefix, marker, signal);
      yield* page.versions;
      marker = page.next;
    } while (marker);
  }

  async #page(Prefix: string, marker: object | undefined, signal: AbortSignal | undefined) {
    const { config } = this.#connection;
    const { output } = await this.#connection
      .send(
        ({ sdk, client, options }) =>
          client.send(
            new sdk.ListObjectVersionsCommand({
              ...{ Bucket: this.#bucket, Prefix, EncodingType: 'url', ...marker },
              ...(config.pageSize === undefined ? {} : { MaxKeys: config.pageSize }),
            }),
            options,
          ),
        { signal },
      )
      .catch((error: unknown) => {
        throw this.#error(error, { action: 'list', object: `s3://${this.#bucket}/${Prefix}`, signal });
      });
    const decode = output.EncodingType === 'url' ? decodeKey : (key: string) => key;
    const of =
      (marker: boolean) =>
      (each: { Key?: string; VersionId?: string; IsLatest?: boolean; LastModified?: Date; Size?: number }) => ({
        ...{ key: decode(each.Key ?? ''), version: each.VersionId ?? 'null', size: each.Size ?? 0, marker },
        ...{ latest: each.IsLatest === true, ...(each.LastModified && { modified: each.LastModified.getTime() }) },
      });
    // They come apart, each in the order of keys and newest first.
    const versions = [...(output.Versions ?? []).map(of(false)), ...(output.DeleteMarkers ?? []).map(of(true))];
    const age = ({ latest, modified = 0 }: ObjectVersion) => (latest ? Number.POSITIVE_INFINITY : modified);
    versions.sort((a, b) => byteCompare(a.key, b.key) || (age(a) < age(b) ? 1 : age(a) > age(b) ? -1 : 0));
    const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = output;
    if (IsTruncated && NextKeyMarker === undefined) throw endless(`s3://${this.#bucket}/${Prefix}`);
    const next = IsTruncated
      ? { KeyMarker: decode(NextKeyMarker ?? ''), ...(NextVersionIdMarker ? { VersionIdMarker: NextVersionIdMarker } : {}) }
      : undefined;
    return { versions, next };
  }

  async get({ key, version }: VersionId, { signal }: CallOptions = {}): Promise<Buffer> {
    const at = { Bucket: this.#bucket, Key: key, VersionId: version };
    try {
      const { output } = await this.#connection.send(
        ({ sdk, client, options }) => client.send(new sdk.GetObjectCommand(at), options),
        { signal },
      );
      return Buffer.from((await output.Body?.transformToByteArray()) ?? []);
    } catch (error) {
      throw this.#error(error, { action: 'read', object: this.#name({ key, version }), signal });
    }
  }

  async delete(versions: readonly VersionId[], { signal }: CallOptions = {}): Promise<readonly VersionId[]> {
    const locked: VersionId[] = [];
    const singles = versions.filter(({ key }) => !fitsXml(key));
    const bulk = versions.filter(({ key }) => fitsXml(key));
    for (let at = 0; at < bulk.length; at += KEYS_AT_ONCE) {
      const batch = bulk.slice(at, at + KEYS_AT_ONCE);
      const found = await this.#deleteInBulk(batch, signal);
      if (found) locked.push(...found);
      else singles.push(...batch);
    }
    for (const one of singles) if (await this.#isLockedAtDelete(one, signal)) locked.push(one);
    return locked;
  }

  /** Undefined when the service knows no bulk delete. */
  async #deleteInBulk(
    versions: readonly VersionId[],
    signal: AbortSignal | undefined,
  ): Promise<readonly VersionId[] | undefined> {
    if (this.#connection.refused.bulkDelete) return undefined;
    const Objects = versions.map(({ key, version }) => ({ Key: key, VersionId: version }));
    const object = `s3://${this.#bucket}`;
    try {
      const { output } = await this.#connection.send(
        ({ sdk, client, options }) =>
          client.send(new sdk.DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Quiet: true, Objects } }), options),
        { signal },
      );
      const failed = (output.Errors ?? []).filter(({ Code }) => Code !== 'NoSuchKey' && Code !== 'NoSuchVersion');
      const other = failed.find((failure) => !isLock(failure));
      if (other) throw perKey(this.#bucket, other, failed.length, 's3:DeleteObjectVersion');
      return failed.map(({ Key = '', VersionId = 'null' }) => ({ key: Key, version: VersionId }));
    } catch (error) {
      if (error instanceof BcnError || !isRefusal(error)) throw this.#error(error, { action: 'delete', object, signal });
      this.#connection.refused.bulkDelete = true;
      return undefined;
    }
  }

  async #isLockedAtDelete({ key, version }: VersionId, signal: AbortSignal | undefined): Promise<boolean> {
    const at = { Bucket: this.#bucket, Key: key, VersionId: version };
    try {
      await this.#connection.send(({ sdk, client, options }) => client.send(new sdk.DeleteObjectCommand(at), options), {
        signal,
      });
    } catch (error) {
      const { code, message } = failureOf(error);
      if (isLock({ Code: code, Message: message })) return true;
      if (!isS3Code(error, 'NoSuchKey', 'NoSuchVersion'))
        throw this.#error(error, { action: 'delete', object: this.#name({ key, version }), signal });
    }
    return false;
  }

  async lockable({ signal }: CallOptions = {}): Promise<boolean> {
    const Bucket = this.#bucket;
    try {
      const { output } = await this.#connection.send(
        ({ sdk, client, options }) => client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket }), options),
        { signal },
      );
      return output.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled';
    } catch (error) {
      if (isS3Code(error, 'ObjectLockConfigurationNotFoundError') || isRefusal(error)) return false;
      throw this.#error(error, { action: 'read', object: `s3://${Bucket}`, signal });
    }
  }

  async lockedUntil(key: string, version: string | undefined, { signal }: CallOptions = {}): Promise<number | undefined> {
    const at = { Bucket: this.#bucket, Key: key, ...(version === undefined ? {} : { VersionId: version }) };
    try {
      const { output } = await this.#connection.send(
        ({ sdk, client, options }) => client.send(new sdk.GetObjectRetentionCommand(at), options),
        { signal },
      );
      return output.Retention?.RetainUntilDate?.getTime();
    } catch (error) {
      if (isS3Code(error, ...UNLOCKED)) return undefined;
      throw this.#error(error, { action: 'read', object: `s3://${this.#bucket}/${key}`, signal });
    }
  }

  #name({ key, version }: VersionId): string {
    return `s3://${this.#bucket}/${key} (version ${version})`;
  }

  #error(error: unknown, request: Omit<S3Request, 'bucket'>): unknown {
    return s3Error(error, { ...request, bucket: this.#bucket }, this.#connection.config);
  }
}

/** Answers for an object without retention, and for one that is gone or a delete marker. */
const UNLOCKED = ['NoSuchObjectLockConfiguration', 'InvalidRequest', 'NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed'];

function endless(object: string): BcnError {
  return new BcnError('storage-unavailable', `The listing of versions of ${object} says that it goes on, but not where.`, {
    object,
    hint: 'Check that the endpoint is an S3 service that knows ListObjectVersions.',
  });
}
