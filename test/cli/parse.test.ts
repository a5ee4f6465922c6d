import { describe, expect, test } from 'vitest';
import { run } from './run.js';

/** What stderr says, by line. */
async function refused(...args: readonly string[]): Promise<readonly string[]> {
  const { exit, stdout, stderr } = await run(args);
  expect(exit).toBe(2);
  expect(stdout).toBe('');
  return stderr.trimEnd().split('\n');
}

describe('a line that is not understood ends with exit 2 and a suggestion', () => {
  test.each([
    [['bakcup'], 'bcn: Unknown command "bakcup"', '  hint: Did you mean backup? See bcn --help'],
    [['zzz'], 'bcn: Unknown command "zzz"', '  hint: See bcn --help'],
    [['backup', '--tabel', 'x'], 'bcn: Unknown option --tabel', '  hint: Did you mean --table? See bcn backup --help'],
    [['backup', '-table', 'x'], 'bcn: Unknown option -table', '  hint: Did you mean --table? See bcn backup --help'],
    [['backup', '--tbale=x'], 'bcn: Unknown option --tbale', '  hint: Did you mean --table? See bcn backup --help'],
    [['restore', '--keep-uid'], 'bcn: Unknown option --keep-uid', '  hint: Did you mean --keep-uuid? See bcn restore --help'],
    [['list', '--jsno'], 'bcn: Unknown option --jsno', '  hint: Did you mean --json? See bcn list --help'],
    [['list', '--frobnicate'], 'bcn: Unknown option --frobnicate', '  hint: See bcn list --help'],
    [['backup', '--data', 'cpoy'], 'bcn: --data takes copy or reference, not "cpoy"', '  hint: Did you mean copy?'],
    [['restore', '--catalog-type', 'hvie'], 'bcn: --catalog-type takes hive or path, not "hvie"', '  hint: Did you mean hive?'],
    [
      ['restore', '--abort', '--dry-run'],
      "bcn: Option '--abort' cannot be used with option '--dry-run'",
      '  hint: See bcn restore --help',
    ],
    [['show'], "bcn: Missing required argument 'name'", '  hint: See bcn show --help'],
    [['backup', '--table'], "bcn: Option '--table <name>' argument missing", '  hint: See bcn backup --help'],
  ])('%j', async (args, message, hint) => {
    expect(await refused(...args)).toEqual([message, hint]);
  });

  test('arguments that are too many', async () => {
    expect((await refused('list', 'x'))[0]).toMatch(/^bcn: Too many arguments for 'list'/);
  });

  test('all missing options are named at once', async () => {
    expect(await refused('backup')).toEqual(['bcn: Missing --database, --backup-name', '  hint: See bcn backup --help']);
    expect((await refused('restore', '--backup-name', 'b'))[0]).toBe('bcn: Missing --target-database');
  });

  test('an empty value is no value', async () => {
    expect(await refused('backup', '--database', '', '--table', 't', '--backup-name', 'b')).toEqual([
      'bcn: Empty --database',
      '  hint: A shell variable in it may be unset.',
    ]);
  });

  test.each(['0', '257', '1.5', 'many'])('--jobs %s', async (jobs) => {
    const args = ['backup', '--database', 'd', '--table', 't', '--backup-name', 'b', '--jobs', jobs];
    expect((await refused(...args))[0]).toBe(`bcn: --jobs must be a whole number from 1 to 256, not "${jobs}"`);
  });

  test('the value of an unknown option is not repeated: it may be a secret', async () => {
    const lines = await refused('list', '--s3-secret-key=hunter22');
    expect(lines.join('\n')).not.toContain('hunter22');
    expect(lines[0]).toBe('bcn: Unknown option --s3-secret-key');
  });
});

test('bcn alone prints the help on stderr and fails: a script that lost its command must notice', async () => {
  const { exit, stdout, stderr } = await run([]);
  expect(exit).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^Usage: bcn /);
  expect(stderr).toContain('No command given');
});

test.each([['--help'], ['-h'], ['help'], ['backup', '--help'], ['help', 'restore']])(
  '%s %s prints help on stdout',
  async (...args) => {
    const { exit, stdout, stderr } = await run(args);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: bcn /);
  },
);

test('the flags of the original tool are there', async () => {
  const help = (await run(['backup', '--help'])).stdout + (await run(['restore', '--help'])).stdout;
  for (const flag of [
    '--database',
    '--table',
    '--backup-name',
    '--target-database',
    '--target-table',
    '--target-location',
    '--catalog-type',
  ]) {
    expect(help).toContain(`${flag} <`);
  }
});

test('every command shows --json and --quiet', async () => {
  for (const command of [
    'backup',
    'restore',
    'list',
    'show',
    'diff',
    'cat',
    'verify',
    'delete',
    'undelete',
    'forget',
    'prune',
    'runs',
    'policy',
    'demo',
  ]) {
    const { stdout } = await run([command, '--help']);
    expect(stdout).toContain('--json');
    expect(stdout).toContain('--quiet');
  }
});

test('--version prints the version', async () => {
  expect(await run(['--version'])).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
});
