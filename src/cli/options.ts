import { type Command, Option } from 'commander';
import type { KeptFlags } from '../config/kept.js';
import { DEFAULT_JOBS, MAX_JOBS } from '../config/limits.js';
import type { Role, S3Flags } from '../config/s3.js';
import { BcnError } from '../errors.js';
import { nearest } from '../nearest.js';

/** Of each place, what people call it. */
export const PLACE_NAMES: Readonly<Record<Role, string>> = {
  source: 'source',
  repo: 'repository',
  target: 'target',
  to: 'repository of copies',
};

/** `--source-endpoint`, `--repo-endpoint`, `--target-endpoint`, `--to-endpoint`, as far as the command touches these places. */
export function addPlaceOptions(command: Command, roles: readonly Role[]): void {
  for (const role of roles) {
    command.option(`--${role}-endpoint <url>`, `S3 service of the ${PLACE_NAMES[role]} (default: S3_ENDPOINT)`);
  }
}

/** How the place that a command writes to is to keep data files. */
export function addKeptOptions(command: Command, role: Role): void {
  const place = PLACE_NAMES[role];
  command
    .option('--storage-class <class>', `storage class of data files written to the ${place} (default: S3_STORAGE_CLASS)`)
    .option('--sse-kms-key-id <key>', `KMS key for all that is written to the ${place} (default: S3_SSE_KMS_KEY_ID)`);
}

/** The same flags, as those of the place that this command writes to. */
export function writingTo<F extends KeptFlags>(role: Role, flags: F): F & Required<Pick<S3Flags, 'writes'>> {
  const { storageClass, sseKmsKeyId } = flags;
  const given = { ...(storageClass !== undefined && { storageClass }), ...(sseKmsKeyId !== undefined && { sseKmsKeyId }) };
  return { ...flags, writes: { role, ...given } };
}

export function addCatalogOptions(command: Command): void {
  command
    .addOption(
      new Option('--catalog-type <type>', 'hive or path').default('hive').argParser(oneOf('--catalog-type', ['hive', 'path'])),
    )
    .option('--metastore-uri <uri>', 'Hive Metastore, or several separated by commas (default: HIVE_METASTORE_URI)')
    .option('--framed', 'framed Thrift transport (default: HIVE_METASTORE_FRAMED)')
    .option('--warehouse <url>', 'folder of the path catalog (default: BCN_PATH_WAREHOUSE)');
}

export function addWorkOptions(command: Command): void {
  command
    .option('--jobs <n>', `copies under way at once, 1 to ${MAX_JOBS} (default: ${DEFAULT_JOBS})`)
    .option('--tmp-dir <folder>', 'where spill files go (default: the temporary folder of the system)');
}

/** The parser and the default of an option that may be given several times. */
export const gather = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, value];
export const NONE: readonly string[] = [];

/** A parser of an option that takes one of a few values. Throws `usage` with a suggestion. */
export function oneOf<T extends string>(flag: string, allowed: readonly T[]): (value: string) => T {
  return (value) => {
    const found = allowed.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    const near = nearest(value, allowed)[0];
    throw new BcnError('usage', `${flag} takes ${allowed.join(' or ')}, not "${value}"`, {
      hint: near === undefined ? undefined : `Did you mean ${near}?`,
    });
  };
}

/** The values of options that must be given. Throws `usage` naming all that are missing at once. */
export function required<K extends string>(command: Command, ...names: readonly K[]): Record<K, string> {
  const values = command.opts() as Readonly<Record<string, string | undefined>>;
  const flags = new Map(command.options.map((option) => [option.attributeName(), option.long ?? option.flags]));
  const missing = names.filter((name) => values[name] === undefined).map((name) => flags.get(name));
  const empty = names.filter((name) => values[name] === '').map((name) => flags.get(name));
  if (missing.length > 0) {
    throw new BcnError('usage', `Missing ${missing.join(', ')}`, { hint: `See bcn ${command.name()} --help` });
  }
  if (empty.length > 0) {
    throw new BcnError('usage', `Empty ${empty.join(', ')}`, { hint: 'A shell variable in it may be unset.' });
  }
  return values as Record<K, string>;
}
