import { describe, expect, test } from 'vitest';
import type { Context } from '../../src/cli/invocation.js';
import { createHumanOutput } from '../../src/cli/render/human.js';
import { openCatalog, openStorage } from '../../src/cli/wiring.js';
import type { Role } from '../../src/config/s3.js';

const ALL: readonly Role[] = ['repo', 'source', 'target'];

function contextOf(env: Record<string, string>): Context {
  const sink = { write: () => true };
  const io = {
    stdout: sink,
    stderr: sink,
    env: { HOME: '/nonexistent', ...env },
    cwd: '/',
    signal: new AbortController().signal,
  };
  return { io, output: createHumanOutput(io, true, (text) => text), used: new Set() };
}

const S3 = { S3_ENDPOINT: 'http://minio:9000', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'hunter22' };

describe('places', () => {
  test('one service for all by default: it copies between them', async () => {
    const context = contextOf({ ...S3, BACKUP_BUCKET: 'backups/team' });
    const { repository, repositoryUri, source, target } = await openStorage({}, context, ALL);
    expect(repositoryUri).toBe('s3://backups/team');
    expect(repository).toMatchObject({ prefix: 'team/', store: { uri: 's3://backups' } });
    const services = [repository.store, source.resolve('s3a://x/y').store, target.resolve('s3://z/y').store].map(
      (s) => s.service,
    );
    expect(new Set(services).size).toBe(1);
    expect([...context.used]).toEqual(['S3: http://minio:9000 (S3_ENDPOINT), keys of S3_ACCESS_KEY']);
  });

  test('another endpoint, or other keys, are another service, and are named by place', async () => {
    const context = contextOf({ ...S3, BCN_TARGET_S3_ACCESS_KEY: 'b', BCN_TARGET_S3_SECRET_KEY: 'c' });
    const { repository, source, target } = await openStorage({ repoEndpoint: 'http://backup:9000' }, context, ALL);
    const services = [repository.store, source.resolve('s3://x/y').store, target.resolve('s3://x/y').store].map((s) => s.service);
    expect(new Set(services).size).toBe(3);
    expect([...context.used]).toEqual([
      'S3 of the repository: http://backup:9000 (--repo-endpoint), keys of S3_ACCESS_KEY',
      'S3 of the source: http://minio:9000 (S3_ENDPOINT), keys of S3_ACCESS_KEY',
      'S3 of the target: http://minio:9000 (S3_ENDPOINT), keys of BCN_TARGET_S3_ACCESS_KEY',
    ]);
  });

  test('a local repository needs nothing of S3, not even a valid configuration', async () => {
    const context = contextOf({ S3_ENDPOINT: 'nonsense', BACKUP_BUCKET: 'file:///backups/x/' });
    const { repository } = await openStorage({}, context, ALL);
    expect(repository).toMatchObject({ prefix: 'backups/x/', store: { uri: 'file://' } });
    expect([...context.used]).toEqual([]);
  });

  test('no secret stands in what is said about a service', async () => {
    const context = contextOf(S3);
    const { repository } = await openStorage({}, context, ALL);
    expect(JSON.stringify([repository.store.service, repository.store.uri, [...context.used]])).not.toContain('hunter22');
  });
});

describe('catalogs', () => {
  test('hive', async () => {
    const context = contextOf({ ...S3, HIVE_METASTORE_URI: 'thrift://hms:9083' });
    const { source } = await openStorage({}, context, ['repo', 'source']);
    const catalog = await openCatalog({ catalogType: 'hive' }, context, source);
    expect(catalog).toMatchObject({ type: 'hive', identity: 'hive:thrift://hms:9083' });
    expect([...context.used]).toContain('metastore thrift://hms:9083 (HIVE_METASTORE_URI)');
    await catalog.close();
  });

  test('path', async () => {
    const context = contextOf({ BACKUP_BUCKET: 'file:///backups' });
    const { source } = await openStorage({}, context, ['repo', 'source']);
    const catalog = await openCatalog({ catalogType: 'path', warehouse: 'file:///wh/' }, context, source);
    expect(catalog).toMatchObject({ type: 'path', identity: 'path:file:///wh' });
    await catalog.close();
  });
});
