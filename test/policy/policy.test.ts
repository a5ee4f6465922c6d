import { describe, expect, test } from 'vitest';
import { policyNotes } from '../../src/policy/notes.js';
import { s3Policy } from '../../src/policy/policy.js';
import { POLICY_ROLES, type PolicyRequest, type Statement } from '../../src/policy/request.js';

const REPO = { bucket: 'backups', prefix: 'team/' };
const SOURCE = { bucket: 'lake', prefix: '' };

function request(role: PolicyRequest['role'], more: Partial<PolicyRequest> = {}): PolicyRequest {
  const places = { repository: REPO, sources: role === 'backup' ? [SOURCE] : [], targets: role === 'restore' ? [SOURCE] : [] };
  const flags = { record: false, repair: false, versions: false, retention: false, ifNoneMatch: false };
  return { role, ...places, ...flags, partition: 'aws', ...more };
}

/** `*` and `?` as IAM reads them. */
function like(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

/** Whether the policy allows an action on an ARN below `arn:aws:s3:::`, in a request with these condition keys. */
function allows(made: PolicyRequest, action: string, resource: string, keys: Readonly<Record<string, string>> = {}): boolean {
  const holds = ({ Condition = {} }: Statement) =>
    Object.entries(Condition).every(([operator, wanted]) =>
      Object.entries(wanted).every(([key, value]) => {
        const given = keys[key];
        if (operator === 'Null') return (given === undefined) === (value === 'true');
        return given !== undefined && [value].flat().some((pattern) => like(pattern, given));
      }),
    );
  return s3Policy(made).Statement.some(
    (statement) =>
      statement.Action.includes(action) &&
      statement.Resource.some((pattern) => like(pattern, `arn:aws:s3:::${resource}`)) &&
      holds(statement),
  );
}

const ID = 'a'.repeat(64);
const RUN = `${'0'.repeat(16)}-20260101T000000Z-${'1'.repeat(32)}`;
const KEYS = {
  record: 'bcn.json',
  commit: 'backups/b.json',
  byRun: 'backups/b@20260101T000000Z-1-2.json',
  mark: 'backups/b.json@purged-aaaaaaaa-0123456789abcdef',
  deleted: `events/${ID}/000001-deleted.json`,
  verified: `events/${ID}/000001-verified.json`,
  damagedByRun: `events/${ID}/000001-damaged-0123456789abcdef.json`,
  hint: 'tables/k/1-b',
  hintMark: 'tables/k/1-b!0123456789abcdef',
  begin: `runs/${RUN}/begin.json`,
  beat: `runs/${RUN}/beat-1-ab`,
  end: `runs/${RUN}/end`,
  probe: `runs/${RUN}/probe/1-ab`,
  root: `runs/${RUN}/meta/0123456789abcdef/root.ndjson.gz`,
  content: `runs/${RUN}/data/lake/db/t/data/meta/f.parquet`,
} as const;
const names = Object.keys(KEYS) as (keyof typeof KEYS)[];

/** Which objects of the repository the policy lets a request write, delete, … */
function able(made: PolicyRequest, action: string, keys: Readonly<Record<string, string>> = {}) {
  return names.filter((name) => allows(made, action, `backups/team/${KEYS[name]}`, keys));
}

const ALL_BUT = (...without: readonly string[]) => names.filter((name) => !without.includes(name));

describe('what each role may do with the objects of a repository', () => {
  test.each(POLICY_ROLES)('%s reads all of them, lists below the prefix alone, and touches nothing beside', (role) => {
    const made = request(role);
    expect(able(made, 's3:GetObject')).toEqual(names);
    expect(allows(made, 's3:GetObject', 'backups/other/x')).toBe(false);
    expect(allows(made, 's3:ListBucket', 'backups', { 's3:prefix': 'team/backups/' })).toBe(true);
    // How AWS asks whether a missing object is "not found" or "denied".
    expect(allows(made, 's3:ListBucket', 'backups', { 's3:prefix': 'team/bcn.json' })).toBe(true);
    for (const prefix of ['', 'team', 'other/'])
      expect(allows(made, 's3:ListBucket', 'backups', { 's3:prefix': prefix })).toBe(false);
    expect(allows(made, 's3:ListBucket', 'backups')).toBe(false);
    for (const action of ['s3:PutObject', 's3:DeleteObject', 's3:DeleteObjectVersion'])
      expect(allows(made, action, 'backups/other/x')).toBe(false);
  });

  test('backup creates all but events, and deletes nothing', () => {
    const made = request('backup');
    expect(able(made, 's3:PutObject')).toEqual(ALL_BUT('deleted', 'verified', 'damagedByRun'));
    for (const action of ['s3:DeleteObject', 's3:DeleteObjectVersion']) expect(able(made, action)).toEqual([]);
    expect(able({ ...made, repair: true }, 's3:PutObject')).toEqual(ALL_BUT('deleted'));
    expect(allows(made, 's3:GetObject', 'lake/db/t/metadata/v1.metadata.json')).toBe(true);
    expect(allows(made, 's3:PutObject', 'lake/x')).toBe(false);
  });

  test('restore changes nothing in the repository', () => {
    const made = request('restore');
    for (const action of ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload']) {
      expect(able(made, action)).toEqual([]);
      expect(allows(made, action, 'lake/db/r/x')).toBe(true);
    }
  });

  test('verify writes nothing, or findings and marks', () => {
    expect(able(request('verify'), 's3:PutObject')).toEqual([]);
    expect(able(request('verify', { record: true }), 's3:PutObject')).toEqual(['verified', 'damagedByRun', 'hintMark']);
    expect(able(request('verify', { record: true }), 's3:DeleteObject')).toEqual([]);
  });

  test('prune deletes all but the record, and writes events and marks', () => {
    const made = request('prune');
    expect(able(made, 's3:DeleteObject')).toEqual(ALL_BUT('record'));
    expect(able(made, 's3:PutObject')).toEqual(['mark', 'deleted', 'verified', 'damagedByRun', 'hintMark']);
    expect(able(made, 's3:DeleteObjectVersion')).toEqual([]);
    expect(able({ ...made, versions: true }, 's3:DeleteObjectVersion')).toEqual(ALL_BUT('record'));
  });

  test.each([
    `events/${ID}/000009-deleted-verified.json`,
    `events/${ID}/000009-deleted.json-damaged.json`,
    `events/${ID}/000009-deleted-repaired-00.json`,
  ])('a key that a policy for findings lets through is no other event: %s', async (key) => {
    const { parseEvent } = await import('../../src/repository/events.js');
    expect(allows(request('verify', { record: true }), 's3:PutObject', `backups/team/${key}`)).toBe(true);
    expect(parseEvent({ prefix: 'team/' } as never, { key: `team/${key}`, size: 1 })).toBeUndefined();
  });
});

test('with If-None-Match only content can be replaced', () => {
  const made = request('backup', { ifNoneMatch: true });
  expect(able(made, 's3:PutObject')).toEqual(['content']);
  expect(able(made, 's3:PutObject', { 's3:if-none-match': '*' })).toEqual(ALL_BUT('deleted', 'verified', 'damagedByRun'));
  for (const role of ['verify', 'prune'] as const) {
    const other = request(role, { ifNoneMatch: true, record: true });
    expect(able(other, 's3:PutObject')).toEqual([]);
    expect(able(other, 's3:PutObject', { 's3:if-none-match': '*' })).toEqual(
      able({ ...other, ifNoneMatch: false }, 's3:PutObject'),
    );
  }
});

test('a restore looks for claims in every folder above its target, and lists nothing else there', () => {
  const made = request('restore', { targets: [{ bucket: 'lake', prefix: 'a/b/' }] });
  const listed = (prefix: string) => allows(made, 's3:ListBucket', 'lake', { 's3:prefix': prefix });
  const claims = ['metadata/.bcn-restore-', 'a/metadata/.bcn-restore-', 'a/b/metadata/.bcn-restore-', 'a/b/t/'];
  expect(claims.filter(listed)).toEqual(claims);
  expect(['', 'a/', 'c/metadata/.bcn-restore-', 'a/metadata/v1'].filter(listed)).toEqual([]);
});

test('places of one bucket share a listing; one that is the whole bucket needs no condition', () => {
  const inside = s3Policy(request('backup', { sources: [{ bucket: 'backups', prefix: 'wh/' }] })).Statement;
  expect(inside.filter(({ Action }) => Action.includes('s3:ListBucket'))).toEqual([
    expect.objectContaining({ Condition: { StringLike: { 's3:prefix': ['team/*', 'wh/*'] } } }),
  ]);
  const whole = s3Policy(request('verify', { repository: { bucket: 'b', prefix: '' } })).Statement;
  expect(whole.every((statement) => !('Condition' in statement))).toBe(true);
});

test('a prefix with characters of patterns matches itself and stays within one character each', () => {
  const variable = '$'.concat('{x}');
  const made = request('verify', { repository: { bucket: 'b', prefix: `a*b/${variable}/` } });
  expect(allows(made, 's3:GetObject', `b/a*b/${variable}/bcn.json`)).toBe(true);
  expect(allows(made, 's3:GetObject', `b/aXXb/${variable}/bcn.json`)).toBe(false);
  expect(JSON.stringify(s3Policy(made))).not.toContain(variable);
});

test('the key: who writes makes data keys, who reads opens them', () => {
  const kmsKey = 'arn:aws:kms:eu-central-1:111122223333:key/k';
  const actions = (made: PolicyRequest) => s3Policy(made).Statement.find(({ Sid }) => Sid === 'UseKey')?.Action;
  expect(actions(request('backup', { kmsKey }))).toEqual(['kms:GenerateDataKey', 'kms:Decrypt']);
  expect(actions(request('verify', { kmsKey }))).toEqual(['kms:Decrypt']);
  expect(actions(request('verify', { kmsKey, record: true }))).toEqual(['kms:GenerateDataKey', 'kms:Decrypt']);
  expect(actions(request('backup'))).toBeUndefined();
});

test.each(POLICY_ROLES)('%s: names of statements are unique letters and digits, nothing is asked twice or of nothing', (role) => {
  for (const more of [{}, { record: true, repair: true, versions: true, retention: true, ifNoneMatch: true }]) {
    const made = s3Policy(request(role, more)).Statement;
    expect(new Set(made.map(({ Sid }) => Sid)).size).toBe(made.length);
    for (const { Sid, Action, Resource } of made) {
      expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
      expect(Math.min(Action.length, Resource.length)).toBeGreaterThan(0);
      expect(new Set(Resource).size).toBe(Resource.length);
    }
  }
});

test('who may write is told what only the bucket can prevent', () => {
  expect(policyNotes(request('backup')).join('\n')).toMatch(/can overwrite.*versioning.*object lock.*--if-none-match/);
  expect(policyNotes(request('backup', { ifNoneMatch: true })).join('\n')).toMatch(
    /runs\/\*\/data\/.*no such condition.*versioning/,
  );
  expect(policyNotes(request('verify')).join('\n')).toMatch(/nothing was recorded.*--record/);
  expect(policyNotes(request('prune')).join('\n')).toMatch(/delete, undelete and forget/);
});
