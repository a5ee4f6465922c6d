import { randomBytes } from 'node:crypto';
import { BcnError, isCode } from '../errors.js';
import { createOnce } from '../storage/create-once.js';
import type { CallOptions } from '../storage/port.js';
import { storeTime, Told } from './clock.js';
import { RECORD_KEY, sha256 } from './keys.js';
import { placeUri, type RepositoryPlace } from './place.js';

/** bcn.json (format, "bcn.json"). */
export interface RepositoryRecord {
  readonly format: number;
  readonly id: string;
  /** Features a reader must know. */
  readonly features: readonly string[];
  /** G: how long deleted backups and interrupted runs are safe, ms; 2 h or more. */
  readonly grace_ms: number;
  readonly created: string;
}

/** The feature of a repository whose store lets two writers create one key: each backup lies under a key of its own run (format, "Stores without conditional writes"). */
const COMMITS_BY_RUN = 'commits-by-run';
const KNOWN: readonly string[] = [COMMITS_BY_RUN];

/** Whether COMMITs lie under `name@run…` instead of the name. */
export const commitsByRun = (record: RepositoryRecord | undefined): boolean => record?.features.includes(COMMITS_BY_RUN) ?? false;

export const DEFAULT_GRACE_MS = 24 * 3_600_000;
const MIN_GRACE_MS = 2 * 3_600_000;

/** The repository's record. Throws `repository-not-found`, `repository-too-new` or `corrupt`. */
export async function readRecord(place: RepositoryPlace, options: CallOptions = {}): Promise<RepositoryRecord> {
  const { record } = await openRepository(place, options);
  if (record) return record;
  throw new BcnError('repository-not-found', `There is no backup repository at ${placeUri(place)}`, {
    object: placeUri(place),
    hint: 'Check BACKUP_BUCKET; the first "bcn backup" makes the repository.',
  });
}

/** The repository's record, or undefined when there is none yet, and the store's time: the first request of a backup. */
export async function openRepository(
  place: RepositoryPlace,
  options: CallOptions = {},
): Promise<{ readonly record: RepositoryRecord | undefined; readonly now: Told }> {
  try {
    const { bytes, date } = await place.store.get(place.prefix + RECORD_KEY, options);
    return { record: decodeRecord(bytes, `${placeUri(place)}/${RECORD_KEY}`), now: new Told(date) };
  } catch (error) {
    if (isCode(error, 'object-not-found')) return { record: undefined, now: new Told(await storeTime(place, options)) };
    throw error;
  }
}

/**
 * The repository's record, made when there is none, after probing whether the store has conditional writes (with objects below `probe`). Two makers at once both get the
 * winner's; on a store without, it may still be replaced by the other's, which differs in id and moment of creation, and in its features if only one of the probes found
 * that out. Who found it out keeps to it, whatever the record says: readers find backups by either key. `created` is the store time, ms.
 */
export async function createRecord(
  place: RepositoryPlace,
  created: number,
  probe: string,
  options: CallOptions = {},
): Promise<RepositoryRecord> {
  const features = (await place.store.probeCreate(place.prefix + probe, options)) ? [] : [COMMITS_BY_RUN];
  const record: RepositoryRecord = {
    format: 1,
    id: randomBytes(16).toString('hex'),
    features,
    grace_ms: DEFAULT_GRACE_MS,
    created: new Date(created).toISOString(),
  };
  try {
    await createOnce(place.store, place.prefix + RECORD_KEY, encodeRecord(record), options);
  } catch (error) {
    if (!isCode(error, 'object-exists')) throw error;
  }
  // What is there counts, also after a success.
  const stored = await readRecord(place, options);
  return { ...stored, features: [...new Set([...stored.features, ...features])] };
}

/** Its last field is the sha256 of all that stands before it: a grace of which a digit is lost must not pass for a shorter one. */
function encodeRecord(record: RepositoryRecord): Buffer {
  const body = JSON.stringify(record).slice(0, -1);
  return Buffer.from(`${body},"sha256":"${sha256(body)}"}\n`);
}

const UNREADABLE = 'Look at the object: something else wrote it. Is BACKUP_BUCKET the right place?';

function decodeRecord(bytes: Buffer, object: string): RepositoryRecord {
  const text = bytes.toString('utf8');
  const damaged = (why: string, cause?: unknown) =>
    new BcnError('corrupt', `The repository record ${object} ${why}`, { object, cause, hint: UNREADABLE });
  let record: RepositoryRecord;
  try {
    record = JSON.parse(text) as RepositoryRecord;
  } catch (cause) {
    throw damaged('is not JSON', cause);
  }
  if (
    !(Number.isInteger(record?.format) && record.format > 0) ||
    !Array.isArray(record.features) ||
    !Number.isFinite(record.grace_ms)
  )
    throw damaged('lacks format, features or grace_ms');
  const unknown = record.features.filter((feature) => !KNOWN.includes(feature));
  if (record.format > 1 || unknown.length > 0) {
    const why = record.format > 1 ? `format ${record.format}` : `the features ${unknown.join(', ')}`;
    throw new BcnError('repository-too-new', `The repository ${object} needs ${why}, which this bcn does not know`, {
      object,
      hint: 'Use a newer bcn.',
    });
  }
  // Records by 0.1.0, and by people, have none.
  const [, body = '', sum] = /^(.*),"sha256":"([0-9a-f]{64})"\}\n$/s.exec(text) ?? [];
  if ('sha256' in record && sha256(body) !== sum) throw damaged('was changed: its sha256 is another');
  if (!Number.isSafeInteger(record.grace_ms) || record.grace_ms < MIN_GRACE_MS)
    throw damaged(`has a grace_ms of ${record.grace_ms}, not of 2 hours or more`);
  return record;
}
