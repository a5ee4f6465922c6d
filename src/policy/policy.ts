import { BACKUPS, EVENTS, HINTS, RECORD_KEY, RUNS } from '../repository/keys.js';
import type { Policy, PolicyRequest, S3Place, Statement } from './request.js';

/** The least that a role needs, by the requests that its commands send (src/storage/s3); the lab proves each. */
export function s3Policy(request: PolicyRequest): Policy {
  const { role } = request;
  const statements = { backup, restore, verify, prune }[role](request);
  return { Version: '2012-10-17', Statement: [...statements, ...keyStatements(request)] };
}

/** Kinds of events that say how a backup is, as against those that delete one: their names hold the kind, and no key that holds one of these is read as another. */
const FINDINGS = ['verified', 'damaged', 'repaired'].map((kind) => `${EVENTS}*-${kind}*.json`);
/** Marks beside hints, which come before an event that keeps a backup from being a base as it is. */
const MARKS = `${HINTS}*!*`;
/** All that prune removes; bcn.json stays for ever. */
const REMOVABLE = [BACKUPS, EVENTS, HINTS, RUNS].map((folder) => `${folder}*`);

function backup(request: PolicyRequest): readonly Statement[] {
  const { repository, sources, repair, ifNoneMatch } = request;
  // What is created once and never replaced: all but content files, which are copied, and a copy takes no condition.
  const made = [RECORD_KEY, `${BACKUPS}*`, `${HINTS}*`, ...(repair ? FINDINGS : [])];
  const parts = ['begin.json', 'beat-*', 'end', 'probe/*', 'meta/*'].map((name) => `${RUNS}*/${name}`);
  const writes = ifNoneMatch
    ? [
        put(request, 'CreateRecords', [...made, ...parts]),
        put({ ...request, ifNoneMatch: false }, 'WriteContent', [`${RUNS}*/data/*`]),
      ]
    : [put(request, 'WriteRepository', [...made, `${RUNS}*`])];
  return [
    ...reading(request, [repository, ...sources]),
    ...writes,
    allow('AbortUploads', ['s3:AbortMultipartUpload'], objects(request, repository, [`${RUNS}*`])),
    uploads(request, [repository]),
  ];
}

function restore(request: PolicyRequest): readonly Statement[] {
  const { repository, sources, targets } = request;
  const actions = ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'];
  return [
    ...reading(request, [repository, ...sources, ...targets], targets),
    allow('WriteTarget', actions, distinct(targets.flatMap((place) => objects(request, place)))),
    uploads(request, targets),
  ];
}

function verify(request: PolicyRequest): readonly Statement[] {
  const { repository, sources, record, retention } = request;
  return [
    ...reading(request, [repository, ...sources]),
    ...(record ? [put(request, 'RecordFindings', [...FINDINGS, MARKS])] : []),
    ...(retention
      ? [
          allow('ReadBucketLock', ['s3:GetBucketObjectLockConfiguration'], [bucketArn(request, repository)]),
          allow('ReadRetention', ['s3:GetObjectRetention'], objects(request, repository, [`${RUNS}*`, `${BACKUPS}*`])),
        ]
      : []),
  ];
}

function prune(request: PolicyRequest): readonly Statement[] {
  const { repository, versions } = request;
  const removable = objects(request, repository, REMOVABLE);
  return [
    ...reading(request, [repository]),
    put(request, 'WriteEvents', [`${EVENTS}*`, MARKS, `${BACKUPS}*@purged-*`]),
    allow('Remove', ['s3:DeleteObject', ...(versions ? ['s3:DeleteObjectVersion', 's3:GetObjectRetention'] : [])], removable),
    allow('AbortUploads', ['s3:AbortMultipartUpload'], objects(request, repository, [`${RUNS}*`])),
    allow('ReadBucket', ['s3:ListBucketMultipartUploads', 's3:GetBucketVersioning'], [bucketArn(request, repository)]),
    ...(versions
      ? [
          listing(request, repository, 'ListVersions', 's3:ListBucketVersions', [repository.prefix]),
          allow('ReadRemovedRecords', ['s3:GetObjectVersion'], objects(request, repository, [`${BACKUPS}*`])),
        ]
      : []),
  ];
}

/** LIST and GET of these places; LIST also decides whether a missing object is "not found" or "denied". `claimed`: those where a restore looks for claims in folders above. */
function reading(request: PolicyRequest, places: readonly S3Place[], claimed: readonly S3Place[] = []): readonly Statement[] {
  const buckets = distinct(places.map(({ bucket }) => bucket));
  const lists = buckets.map((bucket, i) => {
    const here = places.filter((place) => place.bucket === bucket);
    const above = claimed.filter((place) => place.bucket === bucket).flatMap(({ prefix }) => claimsAbove(prefix));
    const prefixes = distinct([...here.map(({ prefix }) => prefix), ...above]);
    return listing(request, { bucket }, buckets.length > 1 ? `List${i + 1}` : 'List', 's3:ListBucket', prefixes);
  });
  return [...lists, allow('Read', ['s3:GetObject'], distinct(places.flatMap((place) => objects(request, place))))];
}

/** Where the claims of restores would lie that contain this place. */
function claimsAbove(prefix: string): readonly string[] {
  if (prefix === '') return [];
  const folders = prefix.split('/').slice(0, -2);
  const above = [...folders.keys(), folders.length].map((n) =>
    folders
      .slice(0, n)
      .map((name) => `${name}/`)
      .join(''),
  );
  return above.map((folder) => `${folder}metadata/.bcn-restore-`);
}

/** A LIST of one bucket, of all of it when one of the prefixes is empty. */
function listing(
  request: PolicyRequest,
  place: Pick<S3Place, 'bucket'>,
  sid: string,
  action: string,
  prefixes: readonly string[],
): Statement {
  const statement = allow(sid, [action], [bucketArn(request, place)]);
  if (prefixes.includes('')) return statement;
  return { ...statement, Condition: { StringLike: { 's3:prefix': prefixes.map((prefix) => `${literal(prefix)}*`) } } };
}

/** S3 knows no prefix for this one. */
function uploads(request: PolicyRequest, places: readonly S3Place[]): Statement {
  const buckets = distinct(places.map((place) => bucketArn(request, place)));
  return allow('ListUploads', ['s3:ListBucketMultipartUploads'], buckets);
}

function put(request: PolicyRequest, sid: string, keys: readonly string[]): Statement {
  const statement = allow(sid, ['s3:PutObject'], objects(request, request.repository, keys));
  return request.ifNoneMatch ? { ...statement, Condition: { Null: { 's3:if-none-match': 'false' } } } : statement;
}

/** Who writes makes a data key (and opens it again for the parts of an upload), who reads opens it. */
function keyStatements({ role, record, kmsKey }: PolicyRequest): readonly Statement[] {
  if (kmsKey === undefined) return [];
  const writes = role === 'backup' || role === 'prune' || (role === 'verify' && record);
  return [allow('UseKey', [...(writes ? ['kms:GenerateDataKey'] : []), 'kms:Decrypt'], [kmsKey])];
}

function allow(Sid: string, Action: readonly string[], Resource: readonly string[]): Statement {
  return { Sid, Effect: 'Allow', Action, Resource };
}

function bucketArn({ partition }: PolicyRequest, { bucket }: Pick<S3Place, 'bucket'>): string {
  return `arn:${partition}:s3:::${bucket}`;
}

/** Objects of a place, all or those whose keys are like one of these. */
function objects(request: PolicyRequest, place: S3Place, keys: readonly string[] = ['*']): readonly string[] {
  return keys.map((key) => `${bucketArn(request, place)}/${literal(place.prefix)}${key}`);
}

/** What a policy would take for a wildcard or a variable stands for one character of any kind: not every service knows a way to quote it. */
function literal(prefix: string): string {
  return prefix.replace(/[*?$]/g, '?');
}

function distinct<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}
