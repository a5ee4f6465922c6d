import { BcnError, type ErrorCode } from '../../errors.js';
import { formatIdent, type Registration } from '../port.js';
import type { HiveClient } from './client.js';
import { ServerException } from './faults.js';
import { namespaceMissing } from './missing.js';
import type { SessionCallOptions } from './session.js';

/** A metastore quotes a whole statement, or a value of any length. */
const LONGEST = 500;

/**
 * What create_table was refused with, as a BcnError: the server's own words, under the code that fits them and with the fix. MetaException is a
 * metastore's answer to anything, so its text decides; what is not recognised stays the ServerException, which is worth another attempt.
 * Texts as 3.1.3, 4.0.0 and 4.0.1 give them, over Hadoop 3.4 (S3A) and the databases' own messages; test/catalog/hive/refusal.test.ts has them.
 */
export async function refusal(
  client: HiveClient,
  { ident, metadata }: Registration,
  failure: unknown,
  options: SessionCallOptions,
): Promise<unknown> {
  if (!(failure instanceof ServerException)) return failure;
  const table = formatIdent(ident);
  const words = shorten(failure.message);
  const no = (code: ErrorCode, message: string, hint: string, object?: string) =>
    new BcnError(code, `${message}: ${words}`, { table, object, hint, cause: failure });
  if (failure.kind === 'InvalidObjectException' || failure.kind === 'NoSuchObjectException') {
    const database = ident.namespace[0] ?? '';
    if ((await client.getDatabase(database, options)) === undefined) {
      return namespaceMissing(client, database, options, { creatable: true });
    }
    const hint = 'The table was not registered. Rename what it objects to, or restore into another catalog.';
    return no('unsupported', `The Hive Metastore refuses to hold "${table}"`, hint);
  }
  const { location } = metadata;
  if (NO_FILE_SYSTEM.test(failure.message)) {
    const hint =
      'The metastore looks at that folder itself. Use a scheme that it has a file system for, usually s3a:// (--target-location s3a://BUCKET/PATH).';
    return no('config', `The Hive Metastore cannot reach the location ${location}`, hint, location);
  }
  if (isDenied(failure)) {
    const hint =
      'The metastore looks at the folder with an identity of its own: give that one access (fs.s3a.* in its configuration), and the user it knows you as the right to create tables in the database.';
    return no('storage-auth', `The Hive Metastore may not make "${table}" at ${location}`, hint, location);
  }
  if (ELSEWHERE.test(failure.message)) {
    const hint =
      'The metastore looks at that folder itself: its own configuration (fs.s3a.endpoint and the like) must lead to the store that --target-location names.';
    return no('config', `The Hive Metastore cannot reach the location ${location}`, hint, location);
  }
  if (TOO_LONG.test(failure.message)) {
    const hint =
      'A table property, a column’s name or its comment is longer than the metastore’s database holds, or has characters that it cannot hold: shorten it in the source and back it up again, or restore into another kind of catalog (--catalog-type path).';
    return no('unsupported', `The Hive Metastore’s database cannot hold the entry of "${table}"`, hint);
  }
  return failure;
}

const NO_FILE_SYSTEM = /No FileSystem for scheme|UnsupportedFileSystem|ClassNotFoundException.*FileSystem/;
/** Hadoop's and S3A's exceptions, and those of metastore authorizers (storage based, SQL standard, Ranger). */
const DENIED =
  /AccessDenied|AccessControlException|Permission denied|does not have .*privilege|not authorized|AuthorizationException|NoAuthWithAWS|NoAwsCredentials|CredentialInitialization|InvalidAccessKeyId|SignatureDoesNotMatch|Status Code: 40[13]\b/i;
/** The place is not there for the metastore, though it is for bcn. */
const ELSEWHERE =
  /UnknownStoreException|NoSuchBucket|UnknownHostException|bucket is null\/empty|URISyntaxException|is not a directory or unable to create one/;
/** Derby, DataNucleus, PostgreSQL, MySQL, Oracle, SQL Server. */
const TOO_LONG =
  /truncation error|has maximum length of|value too long for type|invalid byte sequence|Data too long for column|Incorrect string value|value too large for column|String or binary data would be truncated/;

/** Whether a metastore's refusal is one of permissions. */
export function isDenied(failure: ServerException): boolean {
  return DENIED.test(failure.message);
}

/** A server's words, as much of them as a message can take. */
export function shorten(message: string): string {
  const line = message.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
