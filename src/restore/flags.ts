import { randomBytes } from 'node:crypto';
import { BcnError, isCode } from '../errors.js';
import { createOnce } from '../storage/create-once.js';
import type { CallOptions, ResolvedObject } from '../storage/port.js';
import { type Claim, encodeClaim, readClaim } from './claim.js';

/**
 * Beside a claim lie flags, by which a registration and a removal keep out of each other's way: each side raises its own, then looks for the other's and for the claim, so
 * that one of the two sees it (format, "Restore's record in the target"). Without them `--abort` could delete the files of a table that is being registered.
 */
export interface Flags {
  /** Keys of the flags of processes that register, or died while they did. */
  readonly registering: readonly string[];
  /** One of them was raised so lately that its process may still be at it. */
  readonly mayRegister: boolean;
  readonly aborting: boolean;
  /** What a process left that died while it tried odd names (names.ts). */
  readonly trying: readonly string[];
}

/** After this long a create_table that was sent is answered or lost (ms). */
const REGISTER_MS = 15 * 60_000;

/** What a store says to an identity that may write but not delete. */
export const UNDELETABLE = ['storage-auth', 'retention-locked'] as const;

/** What the names of a claim and its flags begin with. */
const stem = (claimKey: string): string => claimKey.slice(0, -'json'.length);
const abortingKey = (claimKey: string): string => `${stem(claimKey)}aborting`;
const probeKey = (claimKey: string): string => `${stem(claimKey)}probe`;
const tryingKey = (claimKey: string): string => `${stem(claimKey)}trying/`;

/** Where names may be tried under a claim. */
export const tryingAt = ({ store, key }: ResolvedObject): ResolvedObject => ({ store, key: tryingKey(key) });

/** Whether an object below a target is a restore's claim or flag. */
export const isRecord = (name: string): boolean =>
  /^metadata\/\.bcn-restore-[0-9a-f]{16}\.(json$|aborting$|probe$|registering-[0-9a-f]{8}$|trying\/)/.test(name);

export async function readFlags({ store, key: claimKey }: ResolvedObject, call: CallOptions): Promise<Flags> {
  const registering: string[] = [];
  const trying: string[] = [];
  const found = { mayRegister: false, aborting: false };
  for await (const page of store.list(stem(claimKey), call)) {
    for (const { key, modified } of page.objects) {
      found.aborting ||= key === abortingKey(claimKey);
      if (key.startsWith(tryingKey(claimKey))) trying.push(key);
      if (!key.startsWith(`${stem(claimKey)}registering-`)) continue;
      registering.push(key);
      found.mayRegister ||= modified === undefined || modified > page.date - REGISTER_MS;
    }
  }
  return { registering, trying, ...found };
}

/** Keys of a claim and of all that lies beside it. */
export async function recordKeys({ store, key: claimKey }: ResolvedObject, call: CallOptions): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of store.list(stem(claimKey), call)) keys.push(...page.objects.map(({ key }) => key));
  return keys;
}

/**
 * Announces a registration. Returns what takes the announcement back, for when the catalog has said no. Throws `target-not-empty` when the restore is being aborted, or its
 * claim is gone: another process has finished or removed it.
 */
export async function announceRegistration(
  claimAt: ResolvedObject,
  claim: Claim,
  call: CallOptions,
): Promise<() => Promise<void>> {
  const { store, key: claimKey } = claimAt;
  const key = `${stem(claimKey)}registering-${randomBytes(4).toString('hex')}`;
  await createOnce(store, key, encodeClaim(claim), call);
  const lower = () => whereAllowed(store.delete([key]));
  const { aborting } = await readFlags(claimAt, call);
  if (!aborting && (await whoseClaim(claimAt, claim, call)) === 'ours') return lower;
  await lower();
  throw overtaken(claimAt, aborting);
}

/** Throws `target-not-empty` when the claim that this process works under is gone, or another's. */
export async function assertStands(claimAt: ResolvedObject, claim: Claim, call: CallOptions): Promise<void> {
  if ((await whoseClaim(claimAt, claim, call)) !== 'ours') throw overtaken(claimAt, false);
}

/** Whose claim lies in the target now: the one this process works under, another's, or none. */
export async function whoseClaim(claimAt: ResolvedObject, claim: Claim, call: CallOptions): Promise<'ours' | 'another' | 'none'> {
  try {
    const found = await readClaim(claimAt, call);
    if (!found) return 'none';
    return found.run === claim.run ? 'ours' : 'another';
  } catch (error) {
    if (isCode(error, 'target-not-empty')) return 'another';
    throw error;
  }
}

/** The claim that one of these flags was raised under, if it was of this plan. */
export async function claimOfFlags(
  { store }: ResolvedObject,
  keys: readonly string[],
  plan: string,
  call: CallOptions,
): Promise<Claim | undefined> {
  for (const key of keys) {
    const claim = await readClaim({ store, key }, call);
    if (claim?.plan === plan) return claim;
  }
  return undefined;
}

/** Announces a removal. False, with nothing announced, when somebody may be registering right now. */
export async function announceAbort(claimAt: ResolvedObject, call: CallOptions): Promise<boolean> {
  await createOnce(claimAt.store, abortingKey(claimAt.key), Buffer.alloc(0), call);
  if (!(await readFlags(claimAt, call)).mayRegister) return true;
  await withdrawAbort(claimAt, call);
  return false;
}

export async function withdrawAbort({ store, key }: ResolvedObject, call: CallOptions): Promise<void> {
  await store.delete([abortingKey(key)], call);
}

/** Removes a claim and its flags, in this order: who announces a registration meanwhile finds the claim gone or the abort announced. */
export async function removeRecord(claimAt: ResolvedObject, call: CallOptions): Promise<void> {
  const { store, key: claimKey } = claimAt;
  const { registering, trying } = await readFlags(claimAt, call);
  await store.delete([claimKey], call);
  await store.delete([...trying, ...registering, probeKey(claimKey), abortingKey(claimKey)], call);
}

/** A removal whose refusal must not hide why it is made: an identity that may not delete leaves the object. */
export async function whereAllowed(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isCode(error, ...UNDELETABLE)) throw error;
  }
}

/** Why this identity may not delete what it writes beside the claim, if it may not: found out with an object that is made and deleted. */
export async function probeDelete({ store, key }: ResolvedObject, call: CallOptions): Promise<BcnError | undefined> {
  await createOnce(store, probeKey(key), Buffer.alloc(0), call);
  try {
    await store.delete([probeKey(key)], call);
    return undefined;
  } catch (error) {
    if (isCode(error, ...UNDELETABLE)) return error;
    throw error;
  }
}

/** Throws `target-not-empty` when a claim lies in a folder above the target: two tables must not lie inside each other. */
export async function assertNoOuterClaim(root: ResolvedObject, call: CallOptions): Promise<void> {
  const segments = root.key.split('/').slice(0, -2);
  for (let n = 0; n <= segments.length; n++) {
    const above = segments.slice(0, n).map((segment) => `${segment}/`);
    for await (const page of root.store.list(`${above.join('')}metadata/.bcn-restore-`, call)) {
      const [first] = page.objects;
      if (first) throw nested(`${root.store.uri}/${first.key}`, `${root.store.uri}/${root.key}`);
    }
  }
}

function nested(object: string, location: string): BcnError {
  return new BcnError('target-not-empty', `Another restore has claimed a place that contains ${location}: ${object}`, {
    object,
    hint: 'Choose a --target-location of its own.',
  });
}

function overtaken({ store, key }: ResolvedObject, aborting: boolean): BcnError {
  const object = `${store.uri}/${key}`;
  const what = aborting ? 'is being removed by --abort' : 'was finished or removed by another process';
  return new BcnError('target-not-empty', `This restore ${what}: ${object}`, {
    object,
    hint: aborting
      ? 'Let the abort end (same command with --abort), then restore again.'
      : 'Look whether the table is there; if not, run the command again.',
  });
}
