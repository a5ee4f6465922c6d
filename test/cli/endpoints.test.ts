import { expect, onTestFinished, test } from 'vitest';
import { describeWith, type S3Part } from '../lab/lab.js';
import { resolveHere } from '../storage/s3/fake-aws.js';
import { fakeS3, s3Failure } from '../storage/s3/fake-server.js';
import { forward } from '../storage/s3/forward.js';
import { freshBucket } from '../storage/s3/service.js';
import { allow, assumeRole, type Session } from '../storage/s3/sts.js';
import { type Ran, run } from './run.js';
import { SAMPLES } from './world.js';

const NO_PEM = `${SAMPLES}/bcn.json`;

type Env = Readonly<Record<string, string>>;

/** The variables for one service; `prefix`: `S3` or that of a place. */
function variables(prefix: string, part: S3Part, more: Env = {}): Env {
  const all = { ENDPOINT: part.endpoint, ACCESS_KEY: part.accessKey, SECRET_KEY: part.secretKey, ...more };
  const own = { ...(part.region && { REGION: part.region }), ...(part.ca && { CA_FILE: part.ca }), ...all };
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [`${prefix}_${name}`, value]));
}

function temporary({ accessKeyId, secretAccessKey, sessionToken }: Session): Env {
  return { ACCESS_KEY: accessKeyId, SECRET_KEY: secretAccessKey, SESSION_TOKEN: sessionToken };
}

const restore = (backup: string, table: string, warehouse: string) => [
  ...['restore', '--backup-name', backup, '--catalog-type', 'path', '--warehouse', warehouse],
  ...['--target-database', 'shop', '--target-table', table],
];

const backup = (name: string, warehouse: string) => [
  ...['backup', '--backup-name', name, '--catalog-type', 'path', '--warehouse', warehouse],
  ...['--database', 'shop', '--table', 'orders'],
];

/** The whole circle in one bucket, from the sample on: restored there, backed up, verified, restored again. Returns what it wrote. */
async function circle(bucket: string, env: Env): Promise<readonly Ran[]> {
  const [warehouse, repo] = [`s3://${bucket}/wh`, { ...env, BACKUP_BUCKET: `${bucket}/repo` }];
  const done = [
    await run(restore('orders-sample', 'orders', warehouse), { env: { ...env, BACKUP_BUCKET: `file://${SAMPLES}` } }),
    await run(backup('one', warehouse), { env: repo }),
    await run(['verify', 'one', '--read-data'], { env: repo }),
    await run(restore('one', 'again', warehouse), { env: repo }),
  ];
  for (const { exit, stdout, stderr } of done) expect([exit, stdout, stderr]).toEqual([0, expect.anything(), expect.anything()]);
  return done;
}

describeWith(['s3', 'minio2'], 'every kind of endpoint', ({ s3, minio2 }) => {
  test('TLS of a private authority, another region', async () => {
    await circle(await freshBucket({ s3: minio2 }), variables('S3', minio2));
  });

  test('virtual hosts', async () => {
    const domain = minio2.domain ?? '';
    const asked = resolveHere(domain);
    const bucket = await freshBucket({ s3: minio2 });
    const endpoint = minio2.endpoint.replace('127.0.0.1', domain);
    await circle(bucket, variables('S3', minio2, { ENDPOINT: endpoint, PATH_STYLE: 'false' }));
    expect([...asked]).toEqual([`${bucket}.${domain}`]);
  });

  test('temporary keys; their token is nowhere in what is written', async () => {
    const bucket = await freshBucket({ s3 });
    const session = await assumeRole(s3, [allow(['s3:*'], bucket)]);
    const done = await circle(bucket, variables('S3', s3, temporary(session)));
    expect(JSON.stringify(done)).not.toContain(session.sessionToken);
  });

  test('a place with temporary keys beside one with others of the same service: neither uses those of the other', async () => {
    const [source, repo] = [await freshBucket({ s3 }), await freshBucket({ s3 })];
    const warehouse = `s3://${source}/wh`;
    await run(restore('orders-sample', 'orders', warehouse), {
      env: { ...variables('S3', s3), BACKUP_BUCKET: `file://${SAMPLES}` },
    });
    const reader = await assumeRole(s3, [allow(['s3:GetObject', 's3:ListBucket'], source)]);
    const writer = await assumeRole(s3, [allow(['s3:*'], repo)]);
    const env = {
      ...variables('S3', s3, { ACCESS_KEY: 'nobody', SECRET_KEY: 'nothing' }),
      ...variables('BCN_SOURCE_S3', s3, temporary(reader)),
      ...variables('BCN_REPO_S3', s3, temporary(writer)),
      BACKUP_BUCKET: repo,
    };
    expect(await run(backup('one', warehouse), { env })).toMatchObject({ exit: 0 });
    expect(await run(['verify', 'one'], { env })).toMatchObject({ exit: 0 });

    const swapped = { ...env, ...variables('BCN_REPO_S3', s3, temporary(reader)) };
    const denied = await run(backup('two', warehouse), { env: swapped });
    expect(denied).toMatchObject({ exit: 30 });
    expect(denied.stderr).toMatch(/Give this identity s3:\w+ on .*, also in the policy of its session/);
    expect(denied.stderr).toContain('keys of BCN_REPO_S3_ACCESS_KEY with BCN_REPO_S3_SESSION_TOKEN');
  });

  const list = (env: Env) => run(['list'], { env: { ...env, BACKUP_BUCKET: 'iceberg/none' } });

  test.each<[string, Env, number, string]>([
    ['no authority', { BCN_REPO_S3_CA_FILE: '' }, 2, 'For a private authority set BCN_REPO_S3_CA_FILE'],
    ['a file without one', { BCN_REPO_S3_CA_FILE: NO_PEM }, 2, `BCN_REPO_S3_CA_FILE: ${NO_PEM} holds no PEM certificate`],
    ['a file that is not there', { BCN_REPO_S3_CA_FILE: '/none' }, 2, 'BCN_REPO_S3_CA_FILE: /none cannot be read (ENOENT)'],
    [
      'the wrong region',
      { BCN_REPO_S3_REGION: 'us-east-1' },
      2,
      'Its region is eu-central-1: set BCN_REPO_S3_REGION=eu-central-1',
    ],
    ['no region', { BCN_REPO_S3_REGION: '' }, 2, 'set BCN_REPO_S3_REGION=eu-central-1'],
    [
      'plain HTTP',
      { BCN_REPO_S3_ENDPOINT: minio2.endpoint.replace('https', 'http') },
      2,
      'write https:// in BCN_REPO_S3_ENDPOINT',
    ],
    ['a token of nothing', { BCN_REPO_S3_SESSION_TOKEN: 'hunter22' }, 30, 'The session token does not belong to these keys'],
    ['a style that is none', { BCN_REPO_S3_PATH_STYLE: 'virtual' }, 2, 'BCN_REPO_S3_PATH_STYLE must be true or false'],
  ])('%s: the next step', async (_name, env, exit, text) => {
    const ran = await list({ ...variables('BCN_REPO_S3', minio2), ...env });
    expect([ran.exit, ran.stderr]).toEqual([exit, expect.stringContaining(text)]);
    expect(ran.stderr).not.toContain('hunter22');
  });

  test('AWS_CA_BUNDLE will do', async () => {
    const { BCN_REPO_S3_CA_FILE: AWS_CA_BUNDLE = '', ...env } = variables('BCN_REPO_S3', minio2);
    expect(await list({ ...env, AWS_CA_BUNDLE })).toMatchObject({ exit: 10 });
  });
});

describeWith(['s3'], 'a session that ends', ({ s3 }) => {
  test('in the middle of a backup: with new keys the same command continues', async () => {
    const bucket = await freshBucket({ s3 });
    const warehouse = `s3://${bucket}/wh`;
    const sample = { ...variables('S3', s3), BACKUP_BUCKET: `file://${SAMPLES}` };
    expect(await run(restore('orders-sample', 'orders', warehouse), { env: sample })).toMatchObject({ exit: 0 });
    const env = async () => ({ ...variables('S3', s3, temporary(await assumeRole(s3))), BACKUP_BUCKET: `${bucket}/repo` });

    const writes = { left: 5 };
    const between = await forward(s3, ({ method }) => (method === 'PUT' ? writes.left-- <= 0 : false));
    onTestFinished(() => between.close());
    const first = await run(backup('one', warehouse), { env: { ...(await env()), S3_ENDPOINT: between.endpoint } });
    expect([first.exit, first.stderr]).toEqual([30, expect.stringContaining('the same command continues')]);
    expect(await run(['list', '--json'], { env: await env() }).then(({ stdout }) => stdout)).not.toContain('"one"');

    expect(await run(backup('one', warehouse), { env: await env() })).toMatchObject({ exit: 0 });
    expect(await run(['verify', 'one', '--read-data'], { env: await env() })).toMatchObject({ exit: 0 });
  });

  test('says so, and that the same command continues', async () => {
    const fake = await fakeS3((_seen, response) => s3Failure(response, 400, 'ExpiredToken'));
    const part = { endpoint: fake.config.endpoint ?? '', accessKey: 'k', secretKey: 'secret-key', region: 'us-east-1' };
    try {
      const env = { ...variables('S3', part, { SESSION_TOKEN: 'a-session-token' }), BACKUP_BUCKET: 'iceberg' };
      const ran = await run(['list', '--json'], { env });
      expect(ran.exit).toBe(30);
      const error = ran.events().find(({ type }) => type === 'error');
      expect(error).toMatchObject({ code: 'storage-auth', exit: 30 });
      expect(error?.hint).toMatch(/^The session token has expired: get a new one; the same command continues/);
      expect(ran.stdout).not.toMatch(/a-session-token|secret-key/);
    } finally {
      await fake.close();
    }
  });
});
