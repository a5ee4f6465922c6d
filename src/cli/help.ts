import { VARIABLES } from '../config/variables.js';

/** What each exit code means; the README's table comes from here too. */
export const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'done'],
  ['1', 'unexpected: a bug'],
  ['2', 'wrong usage or configuration'],
  ['3', 'done in part; the output says what is missing'],
  ['4', 'a check found problems (verify)'],
  ['10', 'no repository at this place'],
  ['11', 'locked or busy'],
  ['13', 'the repository is newer than this bcn'],
  ['20', 'table, namespace, backup, bucket or object not found'],
  ['21', 'the source changed while it was read'],
  ['22', 'not supported; refused before anything was written'],
  ['23', 'the target, or the name, exists already'],
  ['24', 'the catalog had a conflict, or did not say how it ended'],
  ['30', 'storage refused the credentials'],
  ['31', 'storage or catalog not reachable'],
  ['32', 'damaged data'],
  ['33', 'held by a retention lock'],
  ['130, 143', 'interrupted; the same command continues'],
];

/** The end of `bcn --help`: variables and exit codes. */
export function helpFooter(): string {
  const common = VARIABLES.filter(({ name }) => !/^BCN_(SOURCE|REPO|TARGET|TO)_/.test(name));
  const width = Math.max(...common.map(({ name }) => name.length)) + 2;
  return [
    '',
    'Environment:',
    ...common.map((v) => `  ${v.name.padEnd(width)}${v.help}${v.fallback === '' ? '' : ` (default: ${v.fallback})`}`),
    `  BCN_SOURCE_S3_*, BCN_REPO_S3_*, BCN_TARGET_S3_*, BCN_TO_S3_*: ${ofOnePlace().join(', ')} of one place`,
    '  * only where nothing of AWS is configured and that address answers; else the AWS default chain is used',
    '',
    'Exit codes:',
    ...EXIT_CODES.map(([code, meaning]) => `  ${code.padEnd(10)}${meaning}`),
    '',
  ].join('\n');
}

/** What each place has a variable for: `ENDPOINT`, … */
function ofOnePlace(): readonly string[] {
  const prefix = 'BCN_REPO_S3_';
  return VARIABLES.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => name.slice(prefix.length));
}
