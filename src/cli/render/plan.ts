import type { Amount, Plan } from '../../plan.js';
import { facts } from './facts.js';
import { count, formatBytes, formatCount } from './numbers.js';

/** A plan for people, as `--dry-run` prints it. */
export function planText(plan: Plan): string {
  const { data, requests } = plan;
  const head = facts([
    ['Plan', `${plan.command} ${plan.table}`],
    ['From', plan.from],
    ['To', plan.to],
    ['Database', plan.createsNamespace === undefined ? undefined : `${plan.createsNamespace} will be created`],
    ['Mode', plan.mode === 'copy' ? 'copy' : 'reference: data stays where it is, the backup dies with its source'],
    ['Snapshots', formatCount(plan.snapshots)],
    ['Data files', amount(data.total)],
    ['  there already', optional(data.reused)],
    ['  copied by the store', optional(data.serverSide)],
    ['  through this machine', optional(data.streamed)],
    ['  written anew', plan.rewritten && amount(plan.rewritten)],
    ['  MISSING', plan.missing && amount(plan.missing)],
    ['Metadata files', amount(plan.metadata)],
    [
      'Requests',
      `at most ${(['get', 'put', 'copy', 'list'] as const).map((kind) => `${formatCount(requests[kind])} ${kind}`).join(', ')}`,
    ],
  ]);
  const edits = plan.edits.map(({ field, from, to }) => [`  ${field}`, from === undefined ? to : `${from} -> ${to}`] as const);
  const places = (plan.roots ?? []).map(
    ({ source, target, why, files }) => [`  ${source}`, `-> ${target} (${why}, ${count(files, 'path')})`] as const,
  );
  const roots = places.length === 0 ? [] : ['Where files go', facts(places)];
  const changes = edits.length === 0 ? [] : ['Changes beyond paths', facts(edits)];
  return [head, ...roots, ...changes, ...(plan.command === 'restore' ? [NOT_ASKED] : []), 'Nothing was written.'].join('\n');
}

/** What no plan can say, since only a write finds it out. */
const NOT_ASKED =
  'Asked by the restore itself, before it copies anything: whether the target may be written, and whether the catalog takes the table.';

function amount({ objects, bytes }: Amount): string {
  return `${count(objects, 'object')}, ${formatBytes(bytes)}`;
}

function optional(value: Amount): string | undefined {
  return value.objects === 0 ? undefined : amount(value);
}
