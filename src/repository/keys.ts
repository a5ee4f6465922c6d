import { createHash, randomBytes } from 'node:crypto';
import { BcnError } from '../errors.js';
import { parseLocation } from '../storage/location.js';

/** Keys of repository format 1 (specs/02-repository-format.md, "Layout"), without the repository's own prefix. */
export const RECORD_KEY = 'bcn.json';
export const BACKUPS = 'backups/';
export const RUNS = 'runs/';
export const EVENTS = 'events/';
export const HINTS = 'tables/';

/** The longest key that S3 takes, bytes. */
export const MAX_KEY = 1024;

/** Throws `usage` unless `name` may name a backup: [A-Za-z0-9._-]{1,128}, not starting with a dot. */
export function assertBackupName(name: string): void {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(name)) return;
  throw new BcnError('usage', `Invalid backup name ${JSON.stringify(name)}`, {
    hint: 'Use 1 to 128 letters, digits, dots, underscores and dashes, not starting with a dot.',
  });
}

/** Words that stand for a backup or a table where one is read. */
export const NEWEST = 'latest';
export const LIVE = 'live';

/** Throws `usage` unless a new backup may have this name. */
export function assertNewName(name: string): void {
  assertBackupName(name);
  if (name !== NEWEST && name !== LIVE) return;
  throw new BcnError('usage', `A new backup cannot be named "${name}"`, {
    hint:
      name === NEWEST
        ? 'It stands for the newest backup, as in: bcn show latest'
        : 'It stands for the table itself, as in: bcn diff NAME live',
  });
}

/** Throws `usage` unless `text` may name a backup that exists: a name, or a selector. */
export function assertSelector(text: string): void {
  const [, name, run] = /^([^@]*)(@[0-9A-Za-z-]{1,100})?$/.exec(text) ?? [];
  if (run === undefined) assertBackupName(text);
  else assertBackupName(name as string);
}

/**
 * What names one backup among several of a name, and its key (format, "Stores without conditional writes"): the run without the hash of the name. The piece of the id keeps two
 * processes that continue one run from writing one key.
 */
export const runSelector = (name: string, run: string, id: string): string =>
  `${name}@${run.slice(nameHash(name).length + 1)}-${id.slice(0, 8)}`;
/** Whether a COMMIT of this name, run and id may lie under a selector: it names the backup, and of one by run the run, too. Early 0.1.0 kept the run whole. */
export const isSelectorOf = (
  selector: string,
  { name, run, id }: { readonly name: string; readonly run: string; readonly id: string },
): boolean => [name, runSelector(name, run, id), `${name}@${run}-${id.slice(0, 8)}`].includes(selector);
export const nameOfSelector = (selector: string): string => selector.replace(/@.*/, '');
/** What all selectors that a text may stand for begin with, unless it is one itself. */
export const selectorStem = (text: string): string => (text.includes('@') ? text : `${text}@`);

/** Where the COMMIT of a backup lies: under its name, or its selector. */
export const commitKey = (selector: string): string => `${BACKUPS}${selector}.json`;
/** Whether a key below backups/ is that of a COMMIT: what lies deeper is not bcn's. */
export const isCommitKey = (key: string): boolean => /^backups\/[^/]+\.json$/.test(key);
export const selectorOfCommitKey = (key: string): string => key.slice(BACKUPS.length, -'.json'.length);
export const eventsPrefix = (backupId: string): string => `${EVENTS}${backupId}/`;
export const eventKey = (backupId: string, n: number, kind: string, random?: string): string =>
  `${eventsPrefix(backupId)}${String(n).padStart(6, '0')}-${kind}${random === undefined ? '' : `-${random}`}.json`;
/** Whether a key below events/ is that of an event of a backup, and not of something else that lies there. */
export const isEventKey = (key: string): boolean => /^events\/[0-9a-f]{64}\/\d+-[a-z]+(-[0-9a-f]+)?\.json$/.test(key);
/** A mark that a prune is about to remove the COMMIT of this name (format, "Prune" 4). A LIST of the COMMIT's key shows both. */
export const purgeMark = (name: string, id: string): string =>
  `${commitKey(name)}@purged-${id.slice(0, 8)}-${randomBytes(8).toString('hex')}`;
export const isPurgeMark = (key: string): boolean => /^backups\/[^@/]+\.json@purged-[0-9a-f]{8}-[0-9a-f]{16}$/.test(key);
/** Whether a folder below runs/ is one that a run made; version 0.1.0 put the time before the hash. */
export const isRunId = (run: string): boolean =>
  /^(?:[0-9a-f]{16}-\d{8}T\d{6}Z|\d{8}T\d{6}Z-[0-9a-f]{16})-[0-9a-f]{32}$/.test(run);
/** ms, UTC: when a run began by the store's clock. */
export const startOfRun = (run: string): number =>
  Date.parse(run.replace(/^(?:[0-9a-f]{16}-)?(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*$/, '$1-$2-$3T$4:$5:$6Z'));
export const runPrefix = (run: string): string => `${RUNS}${run}/`;
export const runDataPrefix = (run: string): string => `${runPrefix(run)}data/`;
export const beginKey = (run: string): string => `${runPrefix(run)}begin.json`;
/** What the objects of a probe begin with; some stay where the backup may not delete, until prune takes them with the run. */
export const probePrefix = (run: string): string => `${runPrefix(run)}probe/`;
export const endKey = (run: string): string => `${runPrefix(run)}end`;
export const beatKey = (run: string, time: number): string => `${runPrefix(run)}beat-${time}-${randomBytes(4).toString('hex')}`;
export const metaPrefix = (run: string, attempt: string): string => `${runPrefix(run)}meta/${attempt}/`;

/** `<hash of name>-<UTC start>-<random>`, so that one LIST finds the runs of a name, however many others there are; `start` in ms. A name that comes of a template shares the template's hash. */
export function newRunId(name: string, start: number): string {
  const utc = new Date(start).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${nameHash(name)}-${utc}-${randomBytes(16).toString('hex')}`;
}

export const newAttemptId = (): string => randomBytes(8).toString('hex');

/** The part of a run id that all runs of one backup name share. */
export const nameHash = (name: string): string => sha256(name).slice(0, 16);

/** Which hints belong to a table: by catalog identity and name, since they are looked for before any of its files is read. */
export const tableKey = (catalog: string, table: string): string => sha256(`${catalog}\n${table}`).slice(0, 32);

export const hintPrefix = (table: string): string => `${HINTS}${table}/`;
const LATEST = 9_999_999_999_999;
export const hintKey = (table: string, when: number, selector: string): string =>
  `${hintPrefix(table)}${String(LATEST - when).padStart(13, '0')}-${selector}`;
/** Whether a key below tables/ is a hint's. */
export const isHint = (key: string): boolean => /^tables\/[0-9a-f]{32}\/\d{13}-[^/]+$/.test(key);
/** Name or selector of the backup that a hint key, or a mark beside it, points to. */
export const selectorOfHintKey = (key: string): string => key.slice(key.lastIndexOf('/') + 15).replace(/!.*$/, '');
/** A mark that an event may say more of the backup of this hint (format, "Hints"). It sorts right behind the hint. */
export const hintMark = (hint: string): string => `${hint}!${randomBytes(8).toString('hex')}`;
export const isHintMark = (key: string): boolean => /![0-9a-f]{16}$/.test(key);

/** Where a content file of this source URI lies in a run, verbatim under its source key where that can be (format, "Layout"). */
export function dataKey(run: string, uri: string, prefixLength: number): string {
  const { scheme, bucket, key } = parseLocation(uri);
  const kept = `${runDataPrefix(run)}${scheme === 'file' ? '_local' : bucket}/${key}`;
  const fits = prefixLength + Buffer.byteLength(kept) <= MAX_KEY;
  return fits && key.split('/').every(isPlainSegment) ? kept : hashedDataKey(run, uri);
}

export const hashedDataKey = (run: string, uri: string): string => `${runDataPrefix(run)}h/${sha256(uri)}`;

function isPlainSegment(segment: string): boolean {
  return segment !== '' && segment !== '.' && segment !== '..' && !UNLISTED.test(segment) && Buffer.byteLength(segment) <= 255;
}

/** Characters that XML cannot spell or does not keep, so that not every store lists them. */
const UNLISTED = /[\p{Cc}\u2028\ufffe\uffff]/u;

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
