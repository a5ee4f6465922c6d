import { randomUUID } from 'node:crypto';
import { type Catalog, formatIdent, type TableIdent } from '../catalog/port.js';
import { BcnError, isCode } from '../errors.js';
import type { HistoryKeep } from '../iceberg/history.js';
import type { Commit } from '../repository/commit.js';
import { sha256 } from '../repository/keys.js';
import { createOnce } from '../storage/create-once.js';
import type { CallOptions, ResolvedObject } from '../storage/port.js';
import type { MapOption } from './map-option.js';

/** Restore's record in the target (format, "Restore's record in the target"): whose the objects below it are. */
export interface Claim {
  readonly format: 1;
  readonly backup: string;
  /** Digest of backup, catalog, table, location and options. */
  readonly plan: string;
  /** Chosen once, so that a resumed restore registers the same table. */
  readonly table_uuid: string;
  readonly metadata_file: string;
  /** Tells apart two restores that began at once. */
  readonly run: string;
}

export interface ClaimOptions {
  readonly keepUuid: boolean;
  readonly history: HistoryKeep;
  readonly maps: readonly MapOption[];
  readonly mergeSpellings: boolean;
  readonly allowDamaged: boolean;
}

export interface ClaimRequest {
  readonly commit: Commit;
  readonly catalog: Catalog;
  readonly target: TableIdent;
  readonly location: string;
  /** What else the restored table depends on. */
  readonly options: ClaimOptions;
  /** The uuid the source has, if it has one. */
  readonly sourceUuid: string | null;
  /** Version number and codec of the metadata file to write. */
  readonly version: number;
  readonly gzip: boolean;
}

/** Key of the claim below the target location. */
export function claimName(catalog: Catalog, target: TableIdent): string {
  return `metadata/.bcn-restore-${sha256([catalog.identity, ...target.namespace, target.name].join('\n')).slice(0, 16)}.json`;
}

export function newClaim(request: ClaimRequest): Claim {
  const { commit, catalog, target, location, sourceUuid, version, gzip } = request;
  const { keepUuid, history, maps, mergeSpellings, allowDamaged } = request.options;
  // Only what was asked for, so that a plain restore goes on under the claim of an earlier version of bcn.
  const asked = {
    ...(history.kind !== 'full' && { history }),
    ...(maps.length > 0 && { maps: maps.map(({ source, target: place }) => [source, place]).sort() }),
    ...(mergeSpellings && { mergeSpellings }),
    ...(allowDamaged && { allowDamaged }),
  };
  const more = Object.keys(asked).length > 0 ? [asked] : [];
  const plan = sha256(JSON.stringify([commit.id, catalog.identity, formatIdent(target), location, keepUuid, ...more]));
  return {
    format: 1,
    backup: commit.id,
    plan,
    table_uuid: keepUuid && sourceUuid !== null ? sourceUuid : randomUUID(),
    metadata_file: catalog.metadataFileName(version, randomUUID(), gzip),
    run: randomUUID(),
  };
}

export const encodeClaim = (claim: Claim): Buffer => Buffer.from(`${JSON.stringify(claim)}\n`);

/** The claim at a target, or undefined. Throws `target-not-empty` when it cannot be read. */
export async function readClaim(at: ResolvedObject, options: CallOptions = {}): Promise<Claim | undefined> {
  try {
    const claim = JSON.parse((await at.store.get(at.key, options)).bytes.toString('utf8')) as Claim | null;
    const { plan, table_uuid, metadata_file } = claim ?? {};
    if (typeof plan === 'string' && typeof table_uuid === 'string' && typeof metadata_file === 'string') return claim as Claim;
  } catch (error) {
    if (isCode(error, 'object-not-found')) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw foreignClaim(at);
}

/** A claim to work under, and whether this process put it there. */
export interface Taken {
  readonly claim: Claim;
  readonly made: boolean;
}

/** Makes the claim ours: creates it, or takes up an equal one that an interrupted attempt left. Throws `target-not-empty` for somebody else's. */
export async function takeClaim(at: ResolvedObject, wanted: Claim, options: CallOptions = {}): Promise<Taken> {
  // Some stores create over what is there, so it is looked for as late as can be.
  const earlier = await readClaim(at, options);
  if (earlier) return { claim: sharedClaim(at, earlier, wanted), made: false };
  try {
    await createOnce(at.store, at.key, encodeClaim(wanted), options);
    return { claim: wanted, made: true };
  } catch (error) {
    if (!isCode(error, 'object-exists')) throw error;
    return { claim: sharedClaim(at, await readClaim(at, options), wanted, error), made: false };
  }
}

/**
 * Whose the claim is that lies there some requests after it was taken, before anything is written under it: on a store that lets two create one key the later one replaced the
 * earlier. Returns the claim to work under; throws `target-not-empty` when it is somebody else's, or gone.
 */
export async function confirmClaim(at: ResolvedObject, taken: Claim, options: CallOptions = {}): Promise<Claim> {
  return sharedClaim(at, await readClaim(at, options), taken);
}

/** A claim that was found, when it is of the same plan. */
function sharedClaim(at: ResolvedObject, found: Claim | undefined, wanted: Claim, cause?: unknown): Claim {
  if (found?.plan === wanted.plan) return found;
  throw foreignClaim(at, cause);
}

export function foreignClaim(at: ResolvedObject, cause?: unknown): BcnError {
  const object = `${at.store.uri}/${at.key}`;
  return new BcnError('target-not-empty', `Another restore has claimed the target: ${object}`, {
    object,
    cause,
    hint: 'Finish it with its own command, remove what it left with the same command and --abort, or choose another --target-location.',
  });
}
