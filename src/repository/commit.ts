import type { RawEntry } from '../catalog/port.js';
import { BcnError } from '../errors.js';
import { wrongField } from './commit-shape.js';
import { sha256 } from './keys.js';
import type { BackupSummary, TableSummary } from './summary.js';

/**
 * `deletes`: delete files, some of which name data files by their paths. `outside`: files outside the location, whose places are chosen by a
 * restore. `statistics`: files that no manifest names. `missing`: the source lacked live files, so the backup does, too.
 */
export const REQUIREMENTS = ['deletes', 'outside', 'statistics', 'missing'] as const;
export type Requirement = (typeof REQUIREMENTS)[number];

/** The object that makes a backup visible (format, "COMMIT"). */
export interface Commit {
  readonly id: string;
  readonly format: 1;
  readonly bcn: string;
  readonly name: string;
  readonly run: string;
  /** ISO 8601, store time. */
  readonly when: string;
  readonly mode: 'copy' | 'reference';
  /** Some of the tables that were asked for are missing. */
  readonly partial: boolean;
  readonly tables: readonly CommittedTable[];
  /** Only of a copy of another repository's backup. */
  readonly origin?: Origin;
  /** Tables that were asked for and could not be backed up; absent = none. */
  readonly failed?: readonly FailedTable[];
}

/** The backup that another one is a copy of; of the copy of a copy, the first. */
export interface Origin {
  /** `id` of its repository's record. */
  readonly repository: string;
  /** Its id there. */
  readonly id: string;
}

/** What a backup and all its copies share. */
export const identityOf = ({ id, origin }: { readonly id: string; readonly origin?: Origin | undefined }): string =>
  origin?.id ?? id;

/** A table that is not in a backup, and why. */
export interface FailedTable {
  /** `database.table` */
  readonly table: string;
  readonly code: string;
  readonly message: string;
  /** URI, where the error is about one object. */
  readonly object?: string;
}

export interface CommittedTable {
  readonly catalog: { readonly type: string; readonly identity: string };
  /** The namespace's levels, then the table. */
  readonly identifier: readonly string[];
  readonly uuid: string | null;
  readonly entry: RawEntry;
  /** Exactly as the metadata spells it. */
  readonly location: string;
  /** The `write.*.path` properties, exactly. */
  readonly write_paths: Readonly<Record<string, string>>;
  readonly metadata_location: string;
  /** ISO 8601, store time at which this metadata was the table's; absent in backups by 0.1.0. */
  readonly pinned?: string;
  readonly format_version: number;
  /** Endpoint that the files were read from. */
  readonly source: string;
  readonly snapshots: number;
  readonly refs: readonly { readonly name: string; readonly type: string; readonly snapshot_id: string }[];
  readonly current_snapshot_id: string | null;
  readonly manifests: number;
  /** What a reader must know to bring this table back rightly (format, "COMMIT"); absent = nothing beyond the rest of this format. */
  readonly requires?: readonly Requirement[];
  readonly files: { readonly total: number; readonly new: number };
  readonly bytes: { readonly total: number; readonly new: number };
  /** Live content files that the source lacked, not counted above; absent = none. */
  readonly missing?: { readonly files: number; readonly bytes: number };
  readonly root: StoredObject;
}

/** A COMMIT that lies in a repository. */
export interface Backup extends Commit {
  /** What names exactly this one, and its key: its name, or `name@run…` where backups lie by run. */
  readonly selector: string;
}

/** An object of the repository that was written by bcn itself. */
export interface StoredObject {
  /** Without the repository's prefix. */
  readonly key: string;
  /** bytes */
  readonly length: number;
  /** hex */
  readonly sha256: string;
}

/** The COMMIT's text: `{"id":"…",` and a newline, then the bytes whose sha256 the id is. */
export function encodeCommit(commit: Omit<Commit, 'id'>): { readonly id: string; readonly bytes: Buffer } {
  const rest = `${JSON.stringify(commit, undefined, 1).slice(1).trimStart()}\n`;
  const id = sha256(rest);
  return { id, bytes: Buffer.from(`{"id":"${id}",\n${rest}`) };
}

/** Reads a COMMIT and proves its id and its shape. Throws `corrupt`, or `repository-too-new` for a later format. */
export function decodeCommit(bytes: Buffer, object: string): Commit {
  const end = bytes.indexOf(0x0a);
  const id = /^\{"id":"([0-9a-f]{64})",$/.exec(bytes.subarray(0, Math.max(end, 0)).toString('latin1'))?.[1];
  const damaged = (why: string, cause?: unknown) =>
    new BcnError('corrupt', `The backup record ${object} is damaged: ${why}`, {
      object,
      cause,
      hint: 'Other backups do not need it. Those that can be read: bcn list',
    });
  if (id === undefined) throw damaged('its first line does not hold an id');
  if (sha256(bytes.subarray(end + 1)) !== id) throw damaged('its id is not the sha256 of what follows the first line');
  let commit: Commit;
  try {
    commit = JSON.parse(bytes.toString('utf8')) as Commit;
  } catch (cause) {
    throw damaged('it is not JSON', cause);
  }
  const wrong = (field: string) => damaged(`its field ${field} is missing or wrong`);
  // Before the shape: a later format may have another.
  if (!Number.isInteger(commit.format) || commit.format < 1) throw wrong('format');
  const tooNew = (why: string) =>
    new BcnError('repository-too-new', `The backup record ${object} ${why}`, { object, hint: 'Use a newer bcn.' });
  if (commit.format > 1) throw tooNew(`has format ${commit.format}; this bcn reads format 1`);
  const field = wrongField(commit);
  if (field !== undefined) throw wrong(field);
  const known: readonly string[] = REQUIREMENTS;
  const unknown = commit.tables.flatMap(({ requires = [] }) => requires.filter((name) => !known.includes(name)));
  if (unknown.length > 0) throw tooNew(`requires what this bcn does not know: ${unknown.join(', ')}`);
  return commit;
}

/** Whether a table lacks live files since its source lacked them (`backup --allow-missing`). */
export const isIncomplete = ({ tables }: Pick<Commit, 'tables'>): boolean => tables.some(({ missing }) => missing !== undefined);

export function summarise(backup: Backup): BackupSummary {
  const { name, selector, id, run, when, mode, bcn } = backup;
  const { partial, failed = [], origin } = backup;
  const head = { name, selector, id, run, when, mode, bcn, partial, ...(origin && { origin }), failed };
  return { ...head, incomplete: isIncomplete(backup), tables: backup.tables.map(summariseTable) };
}

function summariseTable(table: CommittedTable): TableSummary {
  return {
    table: table.identifier.join('.'),
    catalog: table.catalog.identity,
    uuid: table.uuid,
    location: table.location,
    metadataLocation: table.metadata_location,
    pinned: table.pinned ?? null,
    formatVersion: table.format_version,
    snapshots: table.snapshots,
    refs: table.refs.map(({ name, type, snapshot_id }) => ({ name, type, snapshotId: snapshot_id })),
    currentSnapshotId: table.current_snapshot_id,
    manifests: table.manifests,
    files: table.files,
    bytes: table.bytes,
    missing: table.missing ?? null,
  };
}
