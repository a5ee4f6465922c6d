import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';
import { type MetastoreUnderTest, metastoreConformance } from '../../conformance/metastore.js';
import { describeWith, type LabWith } from '../../lab/lab.js';
import { BEHAVIOURS } from './behaviours.js';
import { HiveLab, SERVERS } from './lab.js';
import { startProxy, type TamperingProxy } from './proxy.js';
import { unknownMethod } from './server.js';

/** The table of specs/06-metastores.md that starts with the given heading: row → cell by column. */
function documented(heading: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const lines = readFileSync(join(import.meta.dirname, '../../../specs/06-metastores.md'), 'utf8').split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  const rest = lines.slice(start);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  const [head = [], , ...rows] = rest.slice(0, end < 0 ? undefined : end).map(cells);
  return new Map(rows.map(([row = '', ...values]) => [row, Object.fromEntries(values.map((value, n) => [head[n + 1], value]))]));
}

const cells = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

const DOCUMENTED = documented('behaviour');

test('every behaviour is documented, and nothing else', () => {
  expect([...DOCUMENTED.keys()]).toEqual(Object.keys(BEHAVIOURS));
});

// One file for all that takes Hive's locks: files run side by side, and Derby stalls for minutes when two clients ask it for locks.
describe.each(SERVERS)('Hive Metastore $name', ({ part, ...traits }) => {
  const { name } = traits;
  describeWith(['s3', part], 'behaves as specs/06-metastores.md says', (parts) => {
    const lab = new HiveLab(parts[part].uri);
    const database = `facts_${randomBytes(4).toString('hex')}`;
    const folder = `s3a://warehouse/${database}.db`;

    beforeAll(() => lab.createDatabase(database, folder), 60_000);
    afterAll(async () => {
      await lab.dropDatabase(database);
      lab.close();
    }, 60_000);

    test.for(Object.entries(BEHAVIOURS))('%s', { timeout: 60_000 }, async ([row, measure]) => {
      expect(await measure({ client: lab.client, database, folder })).toBe(DOCUMENTED.get(row)?.[name]);
    });
  });

  describeWith(['s3', part], 'its client', (lab) => {
    metastoreConformance(traits, () => prepare(lab, lab[part].uri));
  });
});

async function prepare({ s3 }: LabWith<'s3'>, uri: string): Promise<MetastoreUnderTest> {
  const database = `matrix_${randomBytes(4).toString('hex')}`;
  const lab = new HiveLab(uri);
  const opened: HiveLab[] = [lab];
  const proxies: TamperingProxy[] = [];
  const credentials = { accessKeyId: s3.accessKey, secretAccessKey: s3.secretKey };
  const store = new S3Client({ endpoint: s3.endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  const object = (name: string) => ({ Bucket: 'warehouse', Key: `${database}.db/${name}` });
  const open = (at: string) => {
    const another = new HiveLab(at);
    opened.push(another);
    return another.client;
  };
  const folder = `s3a://warehouse/${database}.db`;
  await lab.createDatabase(database, folder);
  return {
    uri,
    database,
    folder,
    client: lab.client,
    another: () => open(uri),
    async watched(judge = () => 'pass') {
      const [upstream] = parseEndpoints(uri);
      if (upstream === undefined) throw new Error('no metastore');
      const proxy = await startProxy(upstream, judge);
      proxies.push(proxy);
      return { client: open(proxy.uri), methods: proxy.methods };
    },
    unknownMethod: (method) => (seqid) => unknownMethod({ method, seqid }),
    async put(name) {
      await store.send(new PutObjectCommand({ ...object(name), Body: 'kept' }));
    },
    async exists(name) {
      const { Body } = await store.send(new GetObjectCommand(object(name)));
      return (await Body?.transformToString()) === 'kept';
    },
    async close() {
      await lab.dropDatabase(database);
      for (const each of opened) each.close();
      for (const each of proxies) await each.close();
      store.destroy();
    },
  };
}
