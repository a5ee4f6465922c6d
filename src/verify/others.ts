import { isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import { checkSections } from '../repository/inventory.js';
import { findCommit } from '../repository/load.js';
import { placeUri } from '../repository/place.js';
import { namedKeys, readRootOf } from '../repository/root.js';
import { readStandings } from '../repository/standing.js';
import type { CheckContext } from './context.js';
import { damagedId } from './findings.js';
import { openTarget, type Target } from './targets.js';

const PARALLEL = 4;

/**
 * The backups beside those that were checked which need something that was found damaged. Reads the ROOT and the inventory of each; what cannot be read of them is for their own
 * check to find.
 */
export async function findOthers(checked: readonly Target[], context: CheckContext): Promise<readonly Target[]> {
  const { deps, findings, call } = context;
  if (findings.ids.size === 0) return [];
  const place = deps.repository;
  const ids = new Set(checked.map(({ backup }) => backup.id));
  const { backups } = await readStandings(place, call);
  const wanted = backups.filter(({ id, state, tables }) => !ids.has(id) && !state.deleted && tables.length > 0);
  const sections = new Map<string, readonly string[]>();
  const look = async ({ selector, state }: (typeof wanted)[number]) => {
    const backup = await findCommit(place, selector, call);
    if (!backup) return undefined;
    const { target } = await openTarget(place, backup, state, call);
    for (const [table, { root }] of target.backup.tables.entries()) {
      for (const id of await needs(root, sections, context)) {
        const [key] = id.split('\n') as [string];
        target.found({ key, message: `${placeUri(place)}/${key} was found damaged`, tables: [table] });
      }
    }
    return target.problems > 0 ? target : undefined;
  };
  const found: Target[] = [];
  for await (const target of parallel(wanted, look, PARALLEL)) if (target) found.push(target);
  return found;
}

/** What of the damage a ROOT needs, by `damagedId`. */
async function needs(
  stored: Parameters<typeof readRootOf>[1],
  sections: Map<string, readonly string[]>,
  { deps, findings, call }: CheckContext,
): Promise<readonly string[]> {
  const { ids } = findings;
  if (ids.has(stored.key)) return [stored.key];
  const root = await readRootOf(deps.repository, stored, call).catch((error: unknown) => {
    if (isCode(error, 'corrupt')) return undefined;
    throw error;
  });
  if (!root) return [];
  const unread = new Map<string, (typeof root.manifests)[number]>();
  const named: string[] = [];
  for (const manifest of root.manifests) {
    const id = damagedId(manifest.section);
    if (manifest.section.length === 0) continue;
    if (ids.has(id)) named.push(id);
    else if (!sections.has(id)) unread.set(id, manifest);
  }
  for await (const { manifest, ...one } of checkSections(deps.repository, [...unread.values()], call)) {
    const keys = one.error ? [] : one.files.flatMap(({ key }) => (key !== null && ids.has(key) ? [key] : []));
    sections.set(damagedId(manifest.section), keys);
  }
  for (const { section } of root.manifests) named.push(...(sections.get(damagedId(section)) ?? []));
  return [...new Set([...namedKeys(root).filter((key) => ids.has(key)), ...named])];
}
