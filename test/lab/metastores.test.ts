import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { createHiveCatalog } from '../../src/catalog/hive/hive-catalog.js';
import { HiveLab } from '../catalog/hive/lab.js';
import { tableMetadata } from '../catalog/table-metadata.js';
import { describeWith, type LabWith, type S3Part } from './lab.js';
import { query } from './parts/postgres-client.mjs';
import { makeAuthority } from './tls.mjs';

const SLOW = { timeout: 180_000 };

type Wire = NonNullable<ConstructorParameters<typeof HiveLab>[1]>;

/** What every metastore of the lab must be able to do: its own S3A makes the folder of a table, whatever the scheme. */
async function expectTables({ s3 }: LabWith<'s3'>, uri: string, wire: Wire = {}): Promise<void> {
  const database = `lab_${randomBytes(4).toString('hex')}`;
  const hive = new HiveLab(uri, wire);
  const catalog = createHiveCatalog({ uri, ...wire });
  try {
    await hive.createDatabase(database);
    for (const scheme of ['s3', 's3a']) {
      const location = `${scheme}://warehouse/hive/${database}.db/by_${scheme}`;
      const metadataLocation = `${location}/metadata/00001-ab.metadata.json`;
      const ident = { namespace: [database], name: `by_${scheme}` };
      expect(await catalog.register({ ident, metadataLocation, metadata: tableMetadata({ location }) })).toBe('registered');
    }
    const names = [];
    for await (const { name } of catalog.list([database])) names.push(name);
    expect(names.toSorted()).toEqual(['by_s3', 'by_s3a']);
  } finally {
    await catalog.close();
    await hive.dropDatabase(database);
    hive.close();
    expect(await takeFolders(s3, `hive/${database}.db/`)).toEqual(expect.arrayContaining(['by_s3/', 'by_s3a/']));
  }
}

/** Removes what is below this prefix of the warehouse, and says what it was. */
async function takeFolders({ endpoint, accessKey, secretKey }: S3Part, prefix: string): Promise<string[]> {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'warehouse', Prefix: prefix }));
  for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket: 'warehouse', Key }));
  client.destroy();
  return Contents.map(({ Key = '' }) => Key.slice(prefix.length));
}

describeWith(['s3', 'hms'], 'Hive Metastore 4.0.0', (lab) => {
  test('keeps tables', SLOW, () => expectTables(lab, lab.hms.uri));
});

describeWith(['s3', 'hms3'], 'Hive Metastore 3.1.3', (lab) => {
  test('keeps tables', SLOW, () => expectTables(lab, lab.hms3.uri));
});

describeWith(['s3', 'hms401', 'postgres'], 'Hive Metastore 4.0.1', (lab) => {
  test('keeps tables, in PostgreSQL', SLOW, async () => {
    await expectTables(lab, lab.hms401.uri);
    expect(await query(lab.postgres, `select "NAME" from "DBS" where "NAME" = 'default'`, 'hms401')).toEqual([['default']]);
  });
});

describeWith(['s3', 'hmsTls'], 'Hive Metastore 4.0.0 with TLS and framed transport', (lab) => {
  const { uri, ca = '' } = lab.hmsTls;
  const names = async (wire: Wire) => {
    const catalog = createHiveCatalog({ uri, ...wire, timeouts: { connect: 5000, read: 5000 } });
    try {
      for await (const _table of catalog.list(['default'])) break;
    } finally {
      await catalog.close();
    }
  };

  test('keeps tables', SLOW, () => expectTables(lab, uri, { framed: true, tls: { ca: readFileSync(ca, 'utf8') } }));

  test('demands both', SLOW, async () => {
    const tls = { ca: readFileSync(ca, 'utf8') };
    await names({ framed: true, tls });
    for (const wrong of [{ framed: true }, { framed: false, tls }, { framed: true, tls: { ca: makeAuthority().cert } }]) {
      await expect(names(wrong)).rejects.toMatchObject({ name: 'BcnError' });
    }
  });
});

describeWith(['hmsSasl'], 'Hive Metastore 4.0.0 with SASL', (lab) => {
  const { port } = new URL(lab.hmsSasl.uri.replace('thrift:', 'http:'));

  test('speaks SASL', async () => {
    expect(await answer(Number(port), [start('PLAIN'), message(2, '\0hive\0changeit')])).toEqual([5, '']);
    expect(await answer(Number(port), [start('PLAIN'), message(2, '\0hive\0wrong')])).toEqual([3, 'Error validating the login']);
    expect(await answer(Number(port), [start('GSSAPI'), message(2, '')])).toEqual([3, 'Unsupported mechanism type GSSAPI']);
  });

  test('answers no call without it', SLOW, async () => {
    const catalog = createHiveCatalog({ uri: lab.hmsSasl.uri, timeouts: { connect: 5000, read: 5000 } });
    await expect(catalog.list(['default'])[Symbol.asyncIterator]().next()).rejects.toMatchObject({ name: 'BcnError' });
    await catalog.close();
  });

  /** A message of Thrift's SASL transport: status, length, text. */
  function message(status: number, text: string): Buffer {
    const head = Buffer.from([status, 0, 0, 0, 0]);
    head.writeInt32BE(text.length, 1);
    return Buffer.concat([head, Buffer.from(text)]);
  }

  function start(mechanism: string): Buffer {
    return message(1, mechanism);
  }

  /** Status and text of the first answer. */
  function answer(to: number, messages: readonly Buffer[]): Promise<readonly [number | undefined, string]> {
    return new Promise((resolve, reject) => {
      const socket = connect(to, '127.0.0.1', () => socket.write(Buffer.concat(messages)));
      socket.on('error', reject);
      socket.once('data', (bytes) => {
        socket.destroy();
        resolve([bytes[0], bytes.toString('utf8', 5)]);
      });
    });
  }
});

describeWith(['postgres'], 'PostgreSQL', ({ postgres }) => {
  test('answers on the loopback only', async () => {
    expect(await query(postgres, 'select version()')).toEqual([[expect.stringMatching(/^PostgreSQL \d+/)]]);
    expect(await query(postgres, 'show listen_addresses')).toEqual([['127.0.0.1']]);
    expect(await query(postgres, 'show unix_socket_directories')).toEqual([['']]);
    expect(await query(postgres, 'select null, 1')).toEqual([[null, '1']]);
  });

  test('wants its password, and says what is wrong with a statement', async () => {
    await expect(query({ ...postgres, password: 'x' }, 'select 1')).rejects.toThrow('password authentication failed');
    await expect(query(postgres, 'selekt 1')).rejects.toThrow('syntax error at or near "selekt"');
    await expect(query({ ...postgres, port: 1 }, 'select 1')).rejects.toThrow('ECONNREFUSED');
  });
});
