import type { CopiedBackup, CopyResult } from '../../copy/options.js';
import type { Amount } from '../../plan.js';
import { modeLabel } from './backups.js';
import { errorFields } from './error.js';
import { count, formatBytes, formatCount } from './numbers.js';

type Fields = Readonly<Record<string, unknown>>;

/** The published JSON form of what became of one backup (specs/schemas/copy.json). */
export function copyFields({ name, selector, id, when, mode, tables, outcome, copy, data, error }: CopiedBackup): Fields {
  const head = { name, selector, id, when, mode, tables, outcome };
  const { used: _, ...why } = error ? errorFields(error, []) : {};
  return { ...head, ...(copy && { copy }), ...(data && { data }), ...(error && { error: why }) };
}

/** One line for people. */
export function copySentence({ selector, mode, tables, outcome, data }: CopiedBackup): string {
  const which = `${selector} (${tables.join(', ')})`;
  if (outcome === 'deleted') return `${which}: was deleted there, so it is not copied again`;
  if (outcome === 'already' || !data) return `${which}: there already`;
  const done = outcome === 'planned' ? 'would be copied' : 'copied';
  const what =
    mode === 'copy'
      ? `${formatCount(data.new.objects)} of ${count(data.total.objects, 'data file')}, ${formatBytes(data.new.bytes)} of ${formatBytes(data.total.bytes)}`
      : modeLabel(mode);
  return `${which}: ${done}, ${what}`;
}

/** The sums of the summary. */
export function copyTotals({ backups, damaged }: CopyResult) {
  const of = (...outcomes: readonly CopiedBackup['outcome'][]) =>
    backups.filter(({ outcome }) => outcomes.includes(outcome)).length;
  const sum = (pick: (amount: Amount) => number) => backups.reduce((total, { data }) => total + (data ? pick(data.new) : 0), 0);
  return {
    copied: of('copied', 'planned'),
    already: of('already'),
    deleted_there: of('deleted'),
    failed_backups: of('failed'),
    damaged,
    new: { objects: sum(({ objects }) => objects), bytes: sum(({ bytes }) => bytes) },
  };
}
