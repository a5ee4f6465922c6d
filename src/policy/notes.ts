import type { PolicyRequest } from './request.js';

/** What a policy alone cannot do, and what to ask of the bucket: one sentence or two each. */
export function policyNotes(request: PolicyRequest): readonly string[] {
  return { backup, restore, verify, prune }[request.role](request);
}

function backup({ ifNoneMatch, repair }: PolicyRequest): readonly string[] {
  return [
    ifNoneMatch
      ? 'Records, metadata and inventories can only be created (s3:if-none-match). Content files (runs/*/data/) are copied, and a copy takes no such condition: whoever holds this key can still replace them. Turn on versioning for the bucket, or object lock, so that the first version stays.'
      : 'S3 has one permission for creating an object and for replacing it, so whoever holds this key can overwrite backups. Turn on versioning for the bucket, or object lock (both keep the first version of everything); on AWS also add --if-none-match.',
    'It cannot delete: what an interrupted backup leaves behind stays until bcn prune, also up to seven small objects of the first one.',
    ...(repair ? [] : ['bcn verify --repair needs more: --role backup --repair.']),
  ];
}

function restore({ sources }: PolicyRequest): readonly string[] {
  return [
    'It reads the repository and cannot change it. What it may delete is at the target alone: what it wrote itself there, and its own small records.',
    ...(sources.length > 0 ? [] : ['A backup in reference mode is restored from its source: name that, too, with --source.']),
  ];
}

function verify({ record, retention, sources }: PolicyRequest): readonly string[] {
  return [
    record
      ? 'It writes what it found below events/ and empty marks below tables/, and cannot write that a backup is deleted.'
      : 'It reads only: bcn verify then says what it finds and that nothing was recorded. With --record it may write that down, and no more.',
    'list, show, diff, cat and runs need no more than this.',
    ...(sources.length > 0 ? [] : ['A backup in reference mode is checked against its source: name that, too, with --source.']),
    ...(retention ? [] : ['bcn list --retention needs more: --retention.']),
  ];
}

function prune({ versions }: PolicyRequest): readonly string[] {
  return [
    'delete, undelete and forget need this role, too. Keep its key away from the machines that make backups: it alone can destroy them.',
    versions
      ? 'It can remove what versioning keeps, for ever. Object lock in compliance mode is what it cannot get around.'
      : 'On a bucket with versioning what it removes stays as noncurrent versions; bcn prune --versions needs more: --versions.',
  ];
}
