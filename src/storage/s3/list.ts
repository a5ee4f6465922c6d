import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { BcnError } from '../../errors.js';
import type { ListOptions, ListPage } from '../port.js';
import type { S3Connection } from './client.js';
import { EmptySuccess, failureDate, failureOf, isImpossibleKey } from './failure.js';

/** Pages of ListObjectsV2. Keys come URL-encoded, because XML cannot hold control characters, and are decoded exactly once. */
export async function* listObjects(
  connection: S3Connection,
  bucket: string,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<ListPage> {
  try {
    yield* pagesOf(connection, bucket, prefix, options);
  } catch (error) {
    // Nothing can be below a prefix that no key can have.
    const date = failureDate(error);
    if (!isImpossibleKey(failureOf(error).code) || Number.isNaN(date)) throw error;
    yield { objects: [], prefixes: [], date };
  }
}

async function* pagesOf(
  connection: S3Connection,
  bucket: string,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<ListPage> {
  let token: string | undefined;
  do {
    const { output, date } = await connection.send(
      ({ sdk, client, options: send }) =>
        client.send(
          new sdk.ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            EncodingType: 'url',
            ...(options.delimiter ? { Delimiter: options.delimiter } : {}),
            ...(connection.config.pageSize === undefined ? {} : { MaxKeys: connection.config.pageSize }),
            ...(token !== undefined
              ? { ContinuationToken: token }
              : options.startAfter
                ? { StartAfter: options.startAfter }
                : {}),
          }),
          send,
        ),
      { signal: options.signal },
    );
    if (isEmpty(output)) throw new EmptySuccess('ListObjectsV2');
    // A service that ignores the wish for encoding does not name it in the answer.
    const decode = output.EncodingType === 'url' ? decodeKey : (key: string) => key;
    const objects = (output.Contents ?? []).map(({ Key, Size, ETag, LastModified }) => ({
      key: decode(Key ?? ''),
      size: Size ?? 0,
      etag: ETag,
      modified: LastModified?.getTime(),
    }));
    yield { objects, prefixes: (output.CommonPrefixes ?? []).map(({ Prefix }) => decode(Prefix ?? '')), date };
    token = nextToken(bucket, prefix, token, output);
  } while (token !== undefined);
}

/** A web page parses as a listing of nothing, and an empty listing is a statement that deletes are built on. */
function isEmpty({ Name, KeyCount, IsTruncated, Contents, CommonPrefixes }: Partial<ListObjectsV2CommandOutput>): boolean {
  return [Name, KeyCount, IsTruncated, Contents, CommonPrefixes].every((member) => member === undefined);
}

/** A truncated listing without a new token would end early or go in circles; both are loud. */
function nextToken(
  bucket: string,
  prefix: string,
  last: string | undefined,
  page: { readonly IsTruncated?: boolean | undefined; readonly NextContinuationToken?: string | undefined },
): string | undefined {
  if (page.IsTruncated !== true) return undefined;
  const next = page.NextContinuationToken;
  if (next !== undefined && next !== '' && next !== last) return next;
  const object = `s3://${bucket}/${prefix}`;
  throw new BcnError('storage-unavailable', `The listing of ${object} says that it goes on, but not where.`, {
    object,
    hint: 'Check that the endpoint is an S3 service that knows ListObjectsV2.',
  });
}

/** S3 encodes keys like form fields: a space becomes '+', a '+' becomes %2B. */
export function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}
