import { describe, expect, test } from 'vitest';
import { HiveClient } from '../../../src/catalog/hive/client.js';
import { ServerException, type ServerExceptionKind, WireFault } from '../../../src/catalog/hive/faults.js';
import { refusal } from '../../../src/catalog/hive/refusal.js';
import type { Registration } from '../../../src/catalog/port.js';
import { tableMetadata } from '../table-metadata.js';

const registration: Registration = {
  ident: { namespace: ['db'], name: 't' },
  metadataLocation: 's3a://warehouse/db/t/metadata/00001-a.metadata.json',
  metadata: tableMetadata({ location: 's3a://warehouse/db/t' }),
};

/** A client of which only whether the database is there is asked. */
function client(databases: readonly string[] = ['db']): HiveClient {
  return Object.assign(Object.create(HiveClient.prototype) as HiveClient, {
    getDatabase: async (name: string) => (databases.includes(name) ? new Map() : undefined),
    getAllDatabases: async () => databases,
  });
}

const of = (kind: ServerExceptionKind, message: string, databases?: readonly string[]) =>
  refusal(client(databases), registration, new ServerException(kind, message), {});

const AUTH = 'Got exception: java.nio.file.AccessDeniedException s3a://warehouse/db/t: getFileStatus on s3a://warehouse/db/t: ';

// As 3.1.3, 4.0.0 and 4.0.1 say it, over Derby and PostgreSQL, unless noted.
describe('a MetaException', () => {
  test.each([
    ['Got exception: org.apache.hadoop.fs.UnsupportedFileSystemException No FileSystem for scheme "gs"', 'config', 's3a://'],
    [
      'java.lang.RuntimeException: java.lang.ClassNotFoundException: Class org.apache.hadoop.fs.azurebfs.SecureAzureBlobFileSystem not found',
      'config',
      's3a://',
    ],
    [
      "Got exception: org.apache.hadoop.fs.s3a.UnknownStoreException `s3a://none/x': getFileStatus on s3a://none/x: software.amazon.awssdk.services.s3.model.NoSuchBucketException: The specified bucket does not exist (Service: S3, Status Code: 404, Request ID: 18E9)",
      'config',
      'fs.s3a.endpoint',
    ],
    ['java.lang.IllegalArgumentException: java.net.UnknownHostException: nn', 'config', 'fs.s3a.endpoint'],
    ['java.lang.IllegalArgumentException: bucket is null/empty', 'config', 'fs.s3a.endpoint'],
    ['file:/proc/x/t is not a directory or unable to create one', 'config', 'fs.s3a.endpoint'],
    // S3A's words for a 403, and Hadoop's, Hive's and Ranger's for their own rules.
    [
      `${AUTH}software.amazon.awssdk.services.s3.model.S3Exception: Access Denied (Service: S3, Status Code: 403)`,
      'storage-auth',
      'identity',
    ],
    [
      'java.security.AccessControlException: Permission denied: user=me, access=WRITE, inode="/warehouse":hive:hive:drwxr-xr-x',
      'storage-auth',
      'right to create',
    ],
    ['Permission denied: user [me] does not have [CREATE] privilege on [db/t]', 'storage-auth', 'right to create'],
    [
      'JDODataStoreException: Add request failed : INSERT INTO COLUMNS_V2 (CD_ID,COMMENT,"COLUMN_NAME",TYPE_NAME,INTEGER_IDX) VALUES (?,?,?,?,?) \nRoot cause: ERROR 22001: A truncation error was encountered trying to shrink VARCHAR \'ccc&\' to length 767.',
      'unsupported',
      'shorten',
    ],
    [
      'JDODataStoreException: Put request failed : INSERT INTO "TABLE_PARAMS" ("PARAM_VALUE","TBL_ID","PARAM_KEY") VALUES (?,?,?) \nRoot cause: org.postgresql.util.PSQLException: ERROR: value too long for type character varying(256)',
      'unsupported',
      'shorten',
    ],
    [
      'JDODataStoreException: Put request failed : … ERROR: invalid byte sequence for encoding "UTF8": 0x00',
      'unsupported',
      'characters that it cannot hold',
    ],
    [
      `JDOFatalUserException: Attempt to store value "${'o'.repeat(5000)}" in column "OWNER" that has maximum length of 767.`,
      'unsupported',
      'shorten',
    ],
  ] as const)('of the server, number %#, is recognised', async (message, code, hint) => {
    const error = await of('MetaException', message);
    expect(error).toMatchObject({ code, table: 'db.t', hint: expect.stringContaining(hint), retryable: false });
    const said = (error as Error).message;
    expect(said.length).toBeLessThan(700);
    expect(said).not.toContain('\n');
    expect(said).toContain(message.replace(/\s+/g, ' ').slice(0, 100));
    if (code !== 'unsupported') expect(error).toMatchObject({ object: 's3a://warehouse/db/t' });
  });

  test.each([
    'Derby is tired',
    'JDODataStoreException: Insert of object … failed : A lock could not be obtained due to a deadlock',
    // 3.1.3 does not say what its database objects to.
    'Put request failed : INSERT INTO TABLE_PARAMS (PARAM_VALUE,TBL_ID,PARAM_KEY) VALUES (?,?,?) ',
    'Got exception: org.apache.hadoop.fs.s3a.AWSServiceIOException … Service Unavailable (Service: S3, Status Code: 503)',
  ])('%s: it may pass when tried again', async (message) => {
    expect(await of('MetaException', message)).toBeInstanceOf(ServerException);
  });
});

describe('an InvalidObjectException', () => {
  test('of an entry: unsupported, in the server’s words', async () => {
    expect(await of('InvalidObjectException', 'Invalid column type name for c')).toMatchObject({
      code: 'unsupported',
      exit: 22,
      message: 'The Hive Metastore refuses to hold "db.t": Invalid column type name for c',
    });
  });

  test.each(['InvalidObjectException', 'NoSuchObjectException'] as const)('a missing database as %s says it', async (kind) => {
    expect(await of(kind, 'hive.db', ['de'])).toMatchObject({
      code: 'namespace-not-found',
      hint: 'Did you mean "de"? To have it made, add --create-database.',
    });
  });
});

test('what is no refusal stays what it is', async () => {
  const fault = new WireFault('unknown', 'closed', 'gone');
  expect(await refusal(client(), registration, fault, {})).toBe(fault);
});
