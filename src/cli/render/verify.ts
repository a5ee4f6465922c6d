import type { RepairResult } from '../../repair/options.js';
import type { Checked, VerifiedBackup, VerifyResult } from '../../verify/options.js';
import { count, formatBytes } from './numbers.js';

/** A backup that reuses what a damaged one holds would be damaged, too. */
const REMEDY =
  'While the table is still there: bcn verify NAME --repair brings what is damaged from it again, and bcn backup --fresh makes a new full backup.';

/** What `verify` says at its end. */
export function verdictText(result: VerifyResult, repaired = false): string {
  const { backups, others, checked, problems } = result;
  const [only] = backups;
  const lines =
    backups.length === 1 && only
      ? [one(only, result)]
      : [
          many(result),
          ...backups.filter((backup) => backup.problems > 0).map((backup) => `  ${backup.selector}: ${damage(backup)}`),
        ];
  for (const other of others)
    lines.push(`Backup ${other.selector}, which was not checked, needs ${count(other.problems, 'damaged object')} of these, too`);
  if (problems === 0 && checked.missing.files > 0) lines.push(INCOMPLETE);
  if (problems > 0) lines.push(`  hint: ${repaired ? REMAINS : REMEDY}`);
  else if (checked.withoutChecksum > 0)
    lines[0] += `; ${count(checked.withoutChecksum, 'data file')} without a checksum, compared by length only`;
  return lines.join('\n');
}

const INCOMPLETE = '  hint: Which: bcn show NAME. What there is comes back with bcn restore --allow-damaged';

const REMAINS =
  'What the source has no more cannot be repaired. Another backup may be whole: bcn list. What is whole of this one comes back with bcn restore --allow-damaged.';

function one({ backup, selector, problems }: VerifiedBackup, { checked }: VerifyResult): string {
  const name = backup?.name ?? selector;
  if (problems > 0) return `Backup ${name} is damaged: ${count(problems, 'problem')}; ${what(checked)}`;
  const { files, bytes } = checked.missing;
  if (files > 0) {
    const lacks = `${count(files, 'live file')} of ${formatBytes(bytes)} ${files === 1 ? 'was' : 'were'} missing from the source when it was made`;
    return `Backup ${name} is INCOMPLETE: ${lacks}. All else is whole: ${what(checked)}`;
  }
  const source = backup?.mode === 'reference' ? ', as long as its source lives' : '';
  return `Backup ${name} will restore${source}: ${what(checked)}`;
}

function many({ backups, checked, problems }: VerifyResult): string {
  const bad = backups.filter((backup) => backup.problems > 0).length;
  if (problems > 0)
    return `${bad} of ${count(backups.length, 'backup')} are damaged: ${count(problems, 'problem')}; ${what(checked)}`;
  const { files } = checked.missing;
  const lacks = files > 0 ? ` but for ${count(files, 'live file')} missing from their sources` : '';
  return `All ${count(backups.length, 'backup')} will restore${lacks}: ${what(checked)}`;
}

const damage = ({ backup, problems }: VerifiedBackup): string =>
  backup ? count(problems, 'problem') : 'its record cannot be read';

function what({ metadata, files, filesRead, bytesRead }: Checked): string {
  const part = filesRead < files ? `${filesRead} of them, ${formatBytes(bytesRead)},` : formatBytes(bytesRead);
  const read = filesRead > 0 ? `, ${part} read` : ' (lengths; --read-data reads them too)';
  return `${count(metadata, 'metadata file')} and ${count(files, 'data file')} checked${read}`;
}

/** What a repair has brought from the source. */
export function repairText({ before, brought }: RepairResult): string {
  const files = `${count(brought.files, 'data file')} (${formatBytes(brought.bytes)})`;
  return `${count(before, 'problem')}; brought from the source again: ${count(brought.metadata, 'metadata file')} and ${files}`;
}
