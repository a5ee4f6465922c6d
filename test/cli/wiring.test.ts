import { describe, expect, onTestFinished, test } from 'vitest';
import type { Context } from '../../src/cli/invocation.js';
import { writingTo } from '../../src/cli/options.js';
import { createHumanOutput } from '../../src/cli/render/human.js';
import { openCatalog, openCopy, openStorage } from '../../src/cli/wiring.js';
import type { Role } from '../../src/config/s3.js';
import type { ObjectStore } from '../../src/storage/port.js';
import { fakeS3, s3Failure, xml } from '../storage/s3/fake-server.js';

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

  test('other session tokens, and one beside none, are other identities', async () => {
    const context = contextOf({
      ...S3,
      S3_SESSION_TOKEN: 'general-token',
      BCN_REPO_S3_ACCESS_KEY: 'a',
      BCN_REPO_S3_SECRET_KEY: 'hunter22',
      BCN_TARGET_S3_ACCESS_KEY: 'a',
      BCN_TARGET_S3_SECRET_KEY: 'hunter22',
      BCN_TARGET_S3_SESSION_TOKEN: 'target-token',
    });
    const { repository, source, target } = await openStorage({}, context, ALL);
    const services = [repository.store, source.resolve('s3://x/y').store, target.resolve('s3://x/y').store].map((s) => s.service);
    expect(new Set(services).size).toBe(3);
    const used = [...context.used].join();
    expect(used).toContain('keys of BCN_TARGET_S3_ACCESS_KEY with BCN_TARGET_S3_SESSION_TOKEN');
    expect(used).not.toMatch(/general-token|target-token|hunter22/);
  });

  test('the same service and identity by other variables: it copies, and an error names the right ones', async () => {
    const context = contextOf({
      ...S3,
      S3_ENDPOINT: 'http://127.0.0.1:1',
      BCN_REPO_S3_ENDPOINT: 'http://127.0.0.1:1/',
      BCN_REPO_S3_ACCESS_KEY: 'a',
      BCN_REPO_S3_SECRET_KEY: 'hunter22',
    });
    const { repository, source } = await openStorage({}, context, ['repo', 'source']);
    const from = source.resolve('s3://x/y').store;
    expect(from.service).toBe(repository.store.service);
    const hint = (store: ObjectStore) =>
      store.get('x', { signal: AbortSignal.timeout(10_000) }).then(String, (error) => error.hint);
    expect(await hint(from)).toContain('http://127.0.0.1:1 (S3_ENDPOINT), keys of S3_ACCESS_KEY');
    expect(await hint(repository.store)).toContain('http://127.0.0.1:1/ (BCN_REPO_S3_ENDPOINT), keys of BCN_REPO_S3_ACCESS_KEY');
  });

  test.each<[string, Record<string, string>, readonly Role[], string]>([
    ['general', {}, ALL, 'S3_REGION'],
    ['of the only place of the command', { BCN_REPO_S3_REGION: 'eu-west-1' }, ['repo'], 'BCN_REPO_S3_REGION'],
    ['of the place, where places differ', { BCN_TARGET_S3_REGION: 'eu-west-1' }, ALL, 'BCN_REPO_S3_REGION'],
    [
      'general, where others differ that the command does not touch',
      { BCN_TARGET_S3_REGION: 'eu-west-1' },
      ['repo'],
      'S3_REGION',
    ],
  ])('a hint names the variable %s', async (_name, env, roles, variable) => {
    const fake = await fakeS3((_seen, response) =>
      s3Failure(response, 400, 'AuthorizationHeaderMalformed', '<Region>eu-west-9</Region>'),
    );
    onTestFinished(() => fake.close());
    const context = contextOf({ ...S3, S3_ENDPOINT: fake.config.endpoint ?? '', ...env });
    const { repository } = await openStorage({}, context, roles);
    await expect(repository.store.get('x')).rejects.toMatchObject({
      hint: `Its region is eu-west-9: set ${variable}=eu-west-9.`,
    });
  });

  test('a setting that cannot be is an error of its place only', async () => {
    const context = contextOf({ ...S3, BCN_TARGET_S3_PATH_STYLE: 'perhaps' });
    await openStorage({}, context, ['repo', 'source']);
    await expect(openStorage({}, context, ALL)).rejects.toMatchObject({ code: 'config', exit: 2 });
  });

  test('how data is kept: by the flag of the place that is written to, by variables of the others; copies stay server-side', async () => {
    const fake = await fakeS3((_seen, response) => xml(response, '<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>'));
    onTestFinished(() => fake.close());
    const env = {
      ...S3,
      S3_ENDPOINT: fake.config.endpoint ?? '',
      S3_SSE_KMS_KEY_ID: 'k',
      BCN_TARGET_S3_STORAGE_CLASS: 'ONEZONE_IA',
    };
    const context = contextOf(env);
    const flags = writingTo('repo', { storageClass: 'STANDARD_IA' });
    const { repository, source, target } = await openStorage(flags, context, ALL);
    const from = { store: source.resolve('s3://x/y').store, key: 'y', size: 1 };
    for (const { store } of [repository, target.resolve('s3://z/y')]) await store.copy(from, 'to');
    expect(fake.seen.map(({ headers }) => headers['x-amz-storage-class'])).toEqual(['STANDARD_IA', 'ONEZONE_IA']);
    expect(fake.seen.map(({ headers }) => headers['x-amz-server-side-encryption-aws-kms-key-id'])).toEqual(['k', 'k']);
    expect([...context.used]).toEqual([expect.stringMatching(/^S3: /)]);
  });

  test('the same of the second repository of a copy', async () => {
    const fake = await fakeS3((_seen, response) => xml(response, '<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>'));
    onTestFinished(() => fake.close());
    const context = contextOf({ ...S3, S3_ENDPOINT: fake.config.endpoint ?? '', BCN_TO_S3_SSE_KMS_KEY_ID: 'k' });
    const { from, to } = await openCopy(writingTo('to', { storageClass: 'STANDARD_IA', to: 'mirror' }), context);
    await to.place.store.copy({ store: from.place.store, key: 'y', size: 1 }, 'to');
    expect(fake.seen[0]?.headers).toMatchObject({
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-server-side-encryption-aws-kms-key-id': 'k',
    });
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
