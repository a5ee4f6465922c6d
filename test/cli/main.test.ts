import { describe, expect, test } from 'vitest';
import { BcnError } from '../../src/errors.js';
import { run } from './run.js';
import { violations } from './schema.js';

describe('--json', () => {
  test.each([
    [['list', '--json', '--frob'], 'list', 'usage', 2],
    [['--json', 'list', '--frob'], 'list', 'usage', 2],
    [['--json'], null, 'usage', 2],
    [['--json', 'frob'], null, 'usage', 2],
    [['backup', '--json'], 'backup', 'usage', 2],
  ])('%j fails with an error and a summary, in this order', async (args, cmd, code, exit) => {
    const ran = await run(args);
    const events = ran.events();
    expect(ran.exit).toBe(exit);
    expect(events).toMatchObject([
      { v: 1, type: 'error', cmd, code, exit, message: expect.any(String), hint: expect.any(String), retryable: false },
      { v: 1, type: 'summary', cmd, ok: false, exit, code },
    ]);
    for (const event of events) expect(violations(event, 'event.json')).toEqual([]);
    expect(new Set(events.map((event) => event.run_id)).size).toBe(1);
  });

  test('after "--" it is a name, not a flag', async () => {
    const { stdout, stderr } = await run(['show', '--', '--json'], { env: { BACKUP_BUCKET: 'file:///nonexistent/bcn' } });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^bcn: /);
  });
});

test('an error of the configuration names the variable', async () => {
  const { exit, stderr } = await run(['list'], { env: { S3_ENDPOINT: 'localhost:9000' } });
  expect(exit).toBe(2);
  expect(stderr).toContain('S3_ENDPOINT is no http:// or https:// address: "localhost:9000"');
});

test('a repository that is not there', async () => {
  const { exit, stderr } = await run(['list'], { env: { BACKUP_BUCKET: 'file:///nonexistent/bcn' } });
  expect(exit).toBe(10);
  expect(stderr).toContain('file:///nonexistent/bcn');
});

test('a storage error says which endpoint and keys were used, and no secret', async () => {
  const env = { S3_ENDPOINT: 'http://127.0.0.1:1', S3_ACCESS_KEY: 'AKIATEST', S3_SECRET_KEY: 'hunter22' };
  const ran = await run(['list', '--json'], { env });
  expect(ran.exit).toBe(31);
  expect(ran.events()[0]).toMatchObject({
    code: 'storage-unavailable',
    retryable: true,
    used: ['S3: http://127.0.0.1:1 (S3_ENDPOINT), keys of S3_ACCESS_KEY'],
  });
  const human = await run(['list'], { env });
  expect(human.stderr).toContain('http://127.0.0.1:1 (S3_ENDPOINT), keys of S3_ACCESS_KEY');
  expect(ran.stdout + ran.stderr + human.stdout + human.stderr).not.toContain('hunter22');
});

test('a secret is blanked even where it was given as something else', async () => {
  const env = { S3_SECRET_KEY: 'hunter22', S3_ACCESS_KEY: 'a', BACKUP_BUCKET: 'file:///nonexistent/hunter22' };
  for (const json of [[], ['--json']]) {
    const { stdout, stderr } = await run(['list', ...json], { env });
    expect(stdout + stderr).toContain('[secret]');
    expect(stdout + stderr).not.toContain('hunter22');
  }
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
])('%s ends with %i', async (name, exit) => {
  const controller = new AbortController();
  controller.abort(new BcnError('interrupted', `Interrupted by ${name}`, { exit }));
  const env = { S3_ENDPOINT: 'http://127.0.0.1:1', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'hunter22' };
  const ran = await run(['list'], { signal: controller.signal, env });
  expect(ran.exit).toBe(exit);
  expect(ran.stderr).toMatch(new RegExp(`^bcn: Interrupted by ${name}\n`));
});

test('a stack is printed only with BCN_DEBUG=1', async () => {
  const env = { BACKUP_BUCKET: 'file:///nonexistent' };
  expect((await run(['list'], { env })).stderr).not.toMatch(/^\s+at /m);
  expect((await run(['list'], { env: { ...env, BCN_DEBUG: '1' } })).stderr).toMatch(/^\s+at /m);
});

test('an error that nobody caught is rendered like any other', async () => {
  const options = () => ({ env: { S3_ENDPOINT: 'http://127.0.0.1:1' }, crash: Promise.reject(new TypeError('boom')) });
  const human = await run(['list'], options());
  expect(human).toMatchObject({ exit: 1, stdout: '' });
  expect(human.stderr).toMatch(/^bcn: unexpected error: boom\n {2}hint: This is a bug in bcn\..*\n$/);
  const json = await run(['list', '--json'], options());
  expect(json.events()).toMatchObject([
    { type: 'error', code: 'unexpected', exit: 1, message: 'boom' },
    { type: 'summary', ok: false },
  ]);
});
