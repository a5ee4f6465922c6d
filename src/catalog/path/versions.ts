import { BcnError, isCode } from '../../errors.js';
import type { CallOptions, ObjectStore } from '../../storage/port.js';

/** Where a table's current metadata is. */
export interface CurrentVersion {
  /** Name of the file in the table's metadata folder. */
  readonly file: string;
  /** The text of version-hint.text; undefined when there is none. */
  readonly hint: string | undefined;
}

export const HINT_FILE = 'version-hint.text';

/** Spellings of version N, in the order in which HadoopTableOperations looks for them; the last is how older writers compressed. */
const SUFFIXES = ['.metadata.json', '.gz.metadata.json', '.metadata.json.gz'] as const;

/**
 * The current metadata file of the table whose metadata folder is `folder` (a key ending in `/`), as HadoopTableOperations finds it: from the
 * version that version-hint.text names on to the last vN that follows without a gap; without a hint, the highest vN. A hint may also
 * name a file (pyiceberg). undefined when there is no table. Throws `corrupt` when the hint names a file that is not there.
 */
export async function currentVersion(
  store: ObjectStore,
  folder: string,
  options: CallOptions,
): Promise<CurrentVersion | undefined> {
  // One LIST: the names of all other metadata files begin with a digit, `snap-` or a uuid.
  const versions = await listVersions(store, folder, options);
  const hint = await readHint(store, folder, options);
  // An empty hint is a write that never ended: Java falls back to the listing too.
  if (hint === undefined || hint === '') {
    const highest = Math.max(...versions.keys());
    const file = versions.get(highest);
    return file === undefined ? undefined : { file, hint };
  }
  if (!/^\d+$/.test(hint)) return namedFile(store, folder, hint, options);
  let version = Number(hint);
  // Older writers left the hint at 0 before the first commit.
  if (!versions.has(version) && !(version === 0 && versions.has(1)))
    throw dangling(store, folder, hint, `v${hint}.metadata.json`);
  while (versions.has(version + 1)) version += 1;
  return { file: versions.get(version) ?? '', hint };
}

/** The version in a file name `v<N>[.gz].metadata.json`; undefined for any other name. */
export function versionOf(file: string): number | undefined {
  const match = /^v(0|[1-9]\d{0,14})(\..+)$/.exec(file);
  return match !== null && (SUFFIXES as readonly string[]).includes(match[2] ?? '') ? Number(match[1]) : undefined;
}

async function listVersions(store: ObjectStore, folder: string, options: CallOptions): Promise<ReadonlyMap<number, string>> {
  const versions = new Map<number, string>();
  for await (const { objects } of store.list(`${folder}v`, { ...options, delimiter: '/' })) {
    for (const { key } of objects) {
      const file = key.slice(folder.length);
      const version = versionOf(file);
      if (version === undefined) continue;
      const known = versions.get(version);
      if (known === undefined || rank(file) < rank(known)) versions.set(version, file);
    }
  }
  return versions;
}

function rank(file: string): number {
  return (SUFFIXES as readonly string[]).indexOf(file.replace(/^v\d+/, ''));
}

async function readHint(store: ObjectStore, folder: string, options: CallOptions): Promise<string | undefined> {
  try {
    return (await store.get(`${folder}${HINT_FILE}`, options)).bytes.toString('utf8').trim();
  } catch (error) {
    if (isCode(error, 'object-not-found')) return undefined;
    throw error;
  }
}

async function namedFile(store: ObjectStore, folder: string, hint: string, options: CallOptions): Promise<CurrentVersion> {
  const names = hint.includes('.metadata.json') ? [hint] : SUFFIXES.map((suffix) => `${hint}${suffix}`);
  if (hint !== '' && !hint.includes('/')) {
    const found = new Set<string>();
    for await (const { objects } of store.list(`${folder}${hint}`, { ...options, delimiter: '/' })) {
      for (const { key } of objects) found.add(key.slice(folder.length));
    }
    const file = names.find((name) => found.has(name));
    if (file !== undefined) return { file, hint };
  }
  throw dangling(store, folder, hint, names[0] ?? hint);
}

function dangling(store: ObjectStore, folder: string, hint: string, file: string): BcnError {
  return new BcnError('corrupt', `${HINT_FILE} holds "${hint.slice(0, 100)}", but there is no ${file.slice(0, 120)} beside it`, {
    object: `${store.uri}/${folder}${HINT_FILE}`,
    hint: 'Put the number of the table’s last metadata file into it, or remove it so that the highest one counts.',
  });
}
