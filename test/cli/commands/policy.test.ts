import { describe, expect, test } from 'vitest';
import { run } from '../run.js';
import { violations } from '../schema.js';

const env = { BACKUP_BUCKET: 's3://backups/team', WAREHOUSE_BUCKET: 'lake' };

test('the policy goes to stdout, what to ask of the bucket to stderr', async () => {
  const { exit, stdout, stderr } = await run(['policy', 's3', '--role', 'backup'], { env });
  expect(exit).toBe(0);
  const resources = (JSON.parse(stdout) as { Statement: { Resource: string[] }[] }).Statement.flatMap(({ Resource }) => Resource);
  expect(resources).toContain('arn:aws:s3:::backups/team/runs/*');
  expect(resources).toContain('arn:aws:s3:::lake/*');
  expect(stderr).toMatch(/can overwrite backups.*versioning/);
  expect(await run(['policy', 's3', '--role', 'backup', '--quiet'], { env })).toMatchObject({ exit: 0, stdout, stderr: '' });
});

test.each(['backup', 'restore', 'verify', 'prune'])('--json: %s', async (role) => {
  const events = (await run(['policy', 's3', '--role', role, '--json', '--quiet'], { env })).events();
  for (const event of events) expect(violations(event, 'event.json')).toEqual([]);
  expect(events).toMatchObject([
    { type: 'policy', role, policy: { Version: '2012-10-17' }, notes: expect.arrayContaining([expect.any(String)]) },
    { type: 'summary', ok: true, repository: 's3://backups/team' },
  ]);
});

test('places by flags, and ARNs of other partitions', async () => {
  const args = ['policy', 's3', '--role', 'restore', '--target', 's3a://out/x', '--target', 'more', '--source', 'lake/db'];
  const { stdout } = await run(args, { env: { ...env, S3_REGION: 'cn-north-1' } });
  for (const arn of ['out/x/*', 'more/*', 'lake/db/*']) expect(stdout).toContain(`"arn:aws-cn:s3:::${arn}"`);
  expect(stdout).not.toContain('arn:aws:');
});

describe('what does not make sense is refused', () => {
  test.each([
    [['policy', 's3'], /^bcn: Missing --role/],
    [['policy', 'gcs', '--role', 'backup'], /policy takes s3, not "gcs"/],
    [['policy', 's3', '--role', 'admin'], /--role takes backup or restore or verify or prune, not "admin"/],
    [['policy', 's3', '--role', 'backup', '--target', 'x-y-z'], /--target does not go with --role backup/],
    [['policy', 's3', '--role', 'restore', '--if-none-match'], /--if-none-match does not go with --role restore/],
    [['policy', 's3', '--role', 'verify', '--source', 'file:///x'], /--source is no place in S3: file:\/\/\/x/],
    [['policy', 's3', '--role', 'verify', '--sse-kms-key-id', 'alias/x'], /--sse-kms-key-id is no ARN of a key/],
  ])('%j', async (args, message) => {
    const { exit, stdout, stderr } = await run(args, { env });
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  test('a repository in a folder', async () => {
    const { exit, stderr } = await run(['policy', 's3', '--role', 'verify'], { env: { BACKUP_BUCKET: 'file:///b' } });
    expect(exit).toBe(2);
    expect(stderr).toContain('BACKUP_BUCKET is no place in S3: file:///b');
  });
});
