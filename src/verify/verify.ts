import { summarise } from '../repository/commit.js';
import { placeUri } from '../repository/place.js';
import { type RepositoryRecord, readRecord } from '../repository/record.js';
import { withScratch } from '../spill/scratch.js';
import type { CallOptions } from '../storage/port.js';
import { checkContent } from './content.js';
import type { CheckContext, RootedTable } from './context.js';
import { Findings } from './findings.js';
import { checkMetadata } from './metadata.js';
import type { VerifiedBackup, VerifyDeps, VerifyOptions, VerifyResult } from './options.js';
import { findOthers } from './others.js';
import { recordChecks } from './record.js';
import { readRoots } from './roots.js';
import { findTargets, type Target } from './targets.js';

/**
 * Proves that backups will restore: every metadata object with its sha256, the tree they form, and every content file with its length; of those that are read also the
 * checksum, where the backup has one. What several backups share is looked at once. What was found is recorded as events (format, "Verify and repair"). Problems are told and
 * counted, not thrown; errors that keep it from looking are thrown: `repository-not-found`, `backup-not-found`, `corrupt` (the record of a backup that was named), …
 */
export async function verify(deps: VerifyDeps, options: VerifyOptions): Promise<VerifyResult> {
  return withScratch(options.tmpDir, async (scratch) => (await checkIn(deps, options, scratch)).result);
}

/** All that a check has found, while its scratch folder is there. */
export interface Check {
  readonly context: CheckContext;
  readonly record: RepositoryRecord;
  readonly targets: readonly Target[];
  /** Whose ROOT could be read. */
  readonly tables: readonly RootedTable[];
  readonly result: VerifyResult;
}

/**
 * As `verify`, in a scratch folder of the caller's.
 *
 * @param suspects content files that are read whatever the options say, by key
 */
export async function checkIn(
  deps: VerifyDeps,
  options: VerifyOptions,
  scratch: string,
  suspects: ReadonlySet<string> = new Set(),
): Promise<Check> {
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const place = deps.repository;
  const record = await readRecord(place, call);
  const findings = new Findings(scratch, options.onProblem);
  const context: CheckContext = { deps, options, findings, suspects, scratch, call };
  const { targets: opened, unreadable } = await findTargets(place, options.names, call);
  for (const { key, error } of unreadable)
    await findings.add({ part: 'record', key, object: `${placeUri(place)}/${key}`, message: error.message }, []);
  const targets = opened.map(({ target }) => target);
  for (const { target, error } of opened) {
    if (!error) continue;
    const owners = target.backup.tables.map((_, table) => ({ target, table }));
    const object = error.object ?? placeUri(place);
    const key = object.slice(placeUri(place).length + 1);
    await findings.add({ part: 'record', key, object, message: error.message }, owners);
  }
  const tables = await readRoots(targets, context);
  const metadata = tables.length + (await checkMetadata(tables, context));
  const content = await checkContent(tables, context);
  for (const target of targets) await assertCovered(target, context);
  const others = options.names === 'all' ? [] : await findOthers(targets, context);
  const recorded = options.record ? await recordChecks(targets, others, record, context) : 'not-asked';
  const verdict = ({ backup: { name }, selector, problems }: Target) => ({ name, selector, problems });
  const backups: VerifiedBackup[] = [
    ...targets.map((target) => ({ ...verdict(target), backup: summarise(target.backup) })),
    ...unreadable.map(({ selector }) => ({ name: selector, selector, problems: 1, backup: undefined })),
  ];
  const checked = { metadata, ...content };
  const result = { backups, others: others.map(verdict), checked, problems: findings.count, recorded } as const;
  return { context, record, targets, tables, result };
}

/** An earlier check that found more than its event could name is only taken back by one that reads everything. */
async function assertCovered(target: Target, { options, findings, deps }: CheckContext): Promise<void> {
  const { known, problems, state, backup } = target;
  if (problems > 0 || !known || known.more === 0 || options.read === 'all') return;
  const key = state.damage?.slice(deps.repository.prefix.length) ?? '';
  const object = `${placeUri(deps.repository)}/${key}`;
  const message = 'An earlier check found more damage than it could name, which only --read-data can take back';
  await findings.add(
    { part: 'record', key, object, message },
    backup.tables.map((_, table) => ({ target, table })),
  );
}
