/** Objects of the lab's S3, and the folders of the corpus. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';

const client = new S3Client({
  endpoint: process.env.BCN_TEST_S3_ENDPOINT,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: process.env.BCN_TEST_S3_ACCESS_KEY, secretAccessKey: process.env.BCN_TEST_S3_SECRET_KEY },
});

export async function makeBucket(bucket) {
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  }
}

/** @returns {{ Bucket: string, Prefix: string }} of a location; the prefix ends in one slash, but for a bucket's */
function split(location) {
  const [, Bucket, key] = /^[a-z0-9]+:\/\/([^/]+)\/?(.*)$/s.exec(location);
  return { Bucket, Prefix: key === '' ? '' : `${key.replace(/\/+$/, '')}/` };
}

async function* keysBelow(location) {
  const { Bucket, Prefix } = split(location);
  for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix })) {
    for (const { Key } of page.Contents ?? []) yield { Bucket, Key, name: Key.slice(Prefix.length) };
  }
}

export async function clear(location) {
  for await (const { Bucket, Key } of keysBelow(location)) await client.send(new DeleteObjectCommand({ Bucket, Key }));
}

/** @returns {Promise<Map<string, Buffer>>} every object below a location, by its key below it; folder markers left out */
export async function download(location) {
  const files = new Map();
  for await (const { Bucket, Key, name } of keysBelow(location)) {
    if (name === '' || name.endsWith('/')) continue;
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    files.set(name, Buffer.from(await Body.transformToByteArray()));
  }
  return files;
}

const KEEP_STATES = new Set([
  'spark-v2',
  'spark-upgraded',
  'spark-rewritten',
  'spark-deletes-shared',
  'spark-vectors-many',
  'py-v2',
  'py-merged',
]);

/** A key as a path in a folder: no segment of it is empty. */
const spell = (key) =>
  key
    .split('/')
    .map((segment) => (segment === '' ? '__empty__' : segment))
    .join('/');

/**
 * @param {string} folder
 * @param {{ location: string, states: string[] }} facts  `states`: URIs of the metadata files, oldest first
 * @param {Map<string, Buffer>} files
 * @param {{ uri: string, files: Map<string, Buffer> }[]} outside
 */
export function writeTable(folder, facts, files, outside = []) {
  rmSync(folder, { recursive: true, force: true });
  const root = facts.location.replace(/\/+$/, '');
  const relative = (uri) => (uri.startsWith(`${root}/`) ? uri.slice(root.length + 1) : uri);
  const has = (uri) => files.has(relative(uri)) || outside.some((place) => place.files.has(uri.slice(place.uri.length + 1)));
  const known = facts.states.filter(has).map(relative);
  // The earlier states of a few tables are enough; those of the others are files that the metadata log names and nobody has.
  const states = KEEP_STATES.has(basename(folder)) ? known : known.slice(-1);
  for (const gone of known) {
    if (states.includes(gone)) continue;
    files.delete(gone);
    for (const { uri, files: others } of outside) others.delete(gone.slice(uri.length + 1));
  }
  const current =
    files.get(states.at(-1)) ??
    outside.flatMap((place) => place.files.get(facts.states.at(-1).slice(place.uri.length + 1)) ?? [])[0];
  const text = (current[0] === 0x1f ? gunzipSync(current) : current).toString('utf8');
  const formatVersion = Number(/"format-version"\s*:\s*(\d+)/.exec(text)[1]);
  const { location, writer, snapshots, expect, note, orcRows } = facts;
  const table = {
    location,
    metadata: states.at(-1),
    states,
    writer,
    formatVersion,
    snapshots,
    expect,
    note,
    ...(orcRows && { orcRows }),
    ...(outside.length > 0 ? { outside: outside.map(({ uri }) => uri) } : {}),
  };
  put(join(folder, 'table.json'), `${JSON.stringify(table, null, 2)}\n`);
  for (const [key, bytes] of files) put(join(folder, 'files', spell(key)), bytes);
  for (const [n, place] of outside.entries()) {
    for (const [key, bytes] of place.files) put(join(folder, 'outside', String(n), spell(key)), bytes);
  }
}

export async function upload(uri, bytes) {
  const [, Bucket, Key] = /^[a-z0-9]+:\/\/([^/]+)\/(.*)$/s.exec(uri);
  await client.send(new PutObjectCommand({ Bucket, Key, Body: bytes }));
}

export function put(path, bytes) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}
