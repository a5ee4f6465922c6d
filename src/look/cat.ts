import { BcnError } from '../errors.js';
import type { Backup, CommittedTable, StoredObject } from '../repository/commit.js';
import { readInventory } from '../repository/inventory.js';
import { commitKey, runDataPrefix } from '../repository/keys.js';
import { resolveBackup } from '../repository/latest.js';
import { placeUri, type RepositoryPlace } from '../repository/place.js';
import { readRoot } from '../repository/root.js';
import { readStored } from '../repository/stored.js';
import type { CallOptions } from '../storage/port.js';
import { findPart, type Part, parsePart } from './parts.js';
import { type CatRecord, recordsOf } from './records.js';

export interface CatOptions extends CallOptions {
  /** A backup, or a key or URI of the repository. */
  readonly what: string;
  /** What of the backup; default: its record. */
  readonly part?: string;
  /** Which table of the backup, by `database.table`. */
  readonly table?: (table: string) => boolean;
}

/** An object of the repository. */
export interface CatObject {
  /** URI; of an inventory, of the ROOT that names it. */
  readonly uri: string;
  /** What it holds, checked as far as anything says what it should be. Throws `corrupt`, `object-not-found`, `unsupported` when it is no text. */
  records(): AsyncIterable<CatRecord>;
  /** Its bytes, as they are. */
  raw(): AsyncIterable<Buffer>;
}

/**
 * Finds an object of the repository. Throws `usage` (no such part, or several tables), `backup-not-found`, `table-not-found`, `object-not-found` (no such
 * snapshot or manifest), `corrupt`. That the object itself is missing or damaged shows when it is read.
 */
export async function findObjectToCat(place: RepositoryPlace, { what, part, table, ...call }: CatOptions): Promise<CatObject> {
  const key = asKey(place, what);
  if (key !== undefined) {
    if (part === undefined) return byKey(place, key, call);
    throw new BcnError('usage', `${what} is an object of its own: there is no ${part} of it`, { hint: 'Leave that out.' });
  }
  const wanted = part === undefined ? undefined : parsePart(part);
  const backup = await resolveBackup(place, what, { ...call, ...(table && { table }) });
  if (wanted === undefined) return byKey(place, commitKey(backup.selector), call);
  return partOf(place, chooseTable(backup, table), wanted, call);
}

/** A key of the repository, where the text is one or the URI of one: names of backups hold no slash. */
function asKey(place: RepositoryPlace, text: string): string | undefined {
  const start = `${placeUri(place)}/`;
  const key = text.startsWith(start) ? text.slice(start.length) : text;
  if (!key.includes('/') && key === text && text !== 'bcn.json') return undefined;
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(key) && key.split('/').every((segment) => !/^\.{0,2}$/.test(segment))) return key;
  throw new BcnError('usage', `${JSON.stringify(text)} is no object of the repository ${placeUri(place)}`, {
    hint: 'Name a backup, a key such as bcn.json or runs/…, or the URI of an object in this repository.',
  });
}

function chooseTable({ selector, tables }: Backup, table: CatOptions['table']): CommittedTable {
  const nameOf = ({ identifier }: CommittedTable) => identifier.join('.');
  const found = table ? tables.filter((one) => table(nameOf(one))) : tables;
  if (found.length === 1) return found[0] as CommittedTable;
  if (found.length === 0) {
    throw new BcnError('table-not-found', `The backup ${selector} holds no such table`, {
      hint: `See which: bcn show ${selector}`,
    });
  }
  throw new BcnError(
    'usage',
    `The backup ${selector} holds ${found.length} tables: ${found.slice(0, 10).map(nameOf).join(', ')}`,
    {
      hint: `Choose one: --table ${nameOf(found[0] as CommittedTable)}`,
    },
  );
}

async function partOf(place: RepositoryPlace, table: CommittedTable, part: Part, call: CallOptions): Promise<CatObject> {
  if (part.kind === 'root') return byRecord(place, table.root, call);
  if (part.kind === 'inventory') return inventory(place, table, call);
  return byRecord(place, await findPart(place, table, part, call), call);
}

function byKey(place: RepositoryPlace, key: string, call: CallOptions): CatObject {
  const uri = `${placeUri(place)}/${key}`;
  const isContent = /^runs\/([^/]+)\//.exec(key)?.[1];
  return {
    uri,
    raw: () => bytesAt(place, key, call),
    records: async function* () {
      if (isContent !== undefined && key.startsWith(runDataPrefix(isContent))) throw noText(uri);
      const { bytes } = await place.store.get(place.prefix + key, call);
      yield* recordsOf(bytes, key, uri);
    },
  };
}

/** An object whose length and sha256 are known. */
function byRecord(place: RepositoryPlace, stored: StoredObject, call: CallOptions): CatObject {
  const uri = `${placeUri(place)}/${stored.key}`;
  return {
    uri,
    raw: () => bytesAt(place, stored.key, call),
    records: async function* () {
      yield* recordsOf(await readStored(place, stored, call), stored.key, uri);
    },
  };
}

/** The inventory of all manifests of a table, in the order of its ROOT. */
function inventory(place: RepositoryPlace, table: CommittedTable, call: CallOptions): CatObject {
  return {
    uri: `${placeUri(place)}/${table.root.key}`,
    records: async function* () {
      const { manifests } = await readRoot(place, table, call);
      for await (const { files } of readInventory(place, manifests, call)) {
        for (const file of files) yield { text: JSON.stringify(file), document: false };
      }
    },
    raw: async function* () {
      for (const { section } of (await readRoot(place, table, call)).manifests) {
        const { key, offset, length } = section;
        const range = { start: offset, end: offset + length };
        if (length > 0) yield* (await place.store.read(place.prefix + key, { ...call, range })) as AsyncIterable<Buffer>;
      }
    },
  };
}

async function* bytesAt({ store, prefix }: RepositoryPlace, key: string, call: CallOptions): AsyncGenerator<Buffer> {
  yield* (await store.read(prefix + key, call)) as AsyncIterable<Buffer>;
}

function noText(object: string): BcnError {
  return new BcnError('unsupported', `${object} is a content file of the table, not text`, {
    object,
    hint: 'Its bytes as they are: bcn cat --raw',
  });
}
