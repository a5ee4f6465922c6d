import { type Command, Option } from 'commander';
import { awsConfigRegion, partitionOf } from '../../config/aws-region.js';
import { placeUriOf, repositoryUri, warehouseBucket } from '../../config/places.js';
import { type S3Flags, s3Settings } from '../../config/s3.js';
import { fromFlag, type Sourced, sourced } from '../../config/sourced.js';
import { BcnError } from '../../errors.js';
import { policyNotes } from '../../policy/notes.js';
import { s3Policy } from '../../policy/policy.js';
import { POLICY_ROLES, type PolicyRequest, type PolicyRole, type S3Place } from '../../policy/request.js';
import { parseLocation } from '../../storage/location.js';
import type { Context, Ending, Select } from '../invocation.js';
import { gather, NONE, oneOf, required } from '../options.js';

interface PolicyFlags extends S3Flags {
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly record?: boolean;
  readonly repair?: boolean;
  readonly versions?: boolean;
  readonly retention?: boolean;
  readonly ifNoneMatch?: boolean;
  readonly sseKmsKeyId?: string;
}

/** Which options go with which roles; the others would change nothing, which is never what was meant. */
const FITTING: Readonly<Record<string, readonly PolicyRole[]>> = {
  source: ['backup', 'restore', 'verify'],
  target: ['restore'],
  record: ['verify'],
  repair: ['backup'],
  versions: ['prune'],
  retention: ['verify'],
  ifNoneMatch: ['backup', 'verify', 'prune'],
};

/** `bcn policy s3 --role R` */
export function addPolicy(program: Command, select: Select): void {
  const command = program
    .command('policy')
    .description('Print the least policy (IAM) that a role needs, and what to ask of the bucket besides.')
    .argument('<service>', 's3', oneOf('policy', ['s3']))
    .addOption(new Option('--role <role>', `${POLICY_ROLES.join(', ')} (required)`).argParser(oneOf('--role', POLICY_ROLES)))
    .option(
      '--source <place>',
      'where tables are read from: bucket, bucket/prefix or s3:// URL (repeatable; default for backup: WAREHOUSE_BUCKET)',
      gather,
      NONE,
    )
    .option('--target <place>', 'restore: where it writes (repeatable; default: WAREHOUSE_BUCKET)', gather, NONE)
    .option('--record', 'verify: may write down what it found')
    .option('--retention', 'verify: may read how long objects are locked (list --retention)')
    .option('--repair', 'backup: may repair, too (verify --repair)')
    .option('--versions', 'prune: may remove noncurrent versions, too (prune --versions)')
    .option('--if-none-match', 'demand If-None-Match where bcn creates and never replaces (AWS; MinIO refuses such a policy)')
    .option('--sse-kms-key-id <arn>', 'KMS key of the repository');
  command.action((_service: string, flags: PolicyFlags) => {
    const { role } = required(command, 'role') as { readonly role: PolicyRole };
    for (const { attribute, long } of command.options.map((option) => ({
      attribute: option.attributeName(),
      long: option.long,
    }))) {
      const given = (flags as unknown as Readonly<Record<string, unknown>>)[attribute];
      const fits = FITTING[attribute]?.includes(role) ?? true;
      if (!fits && given !== undefined && given !== NONE)
        throw new BcnError('usage', `${long} does not go with --role ${role}`, { hint: 'See bcn policy --help' });
    }
    select('policy', (context) => run(role, flags, context));
  });
}

async function run(role: PolicyRole, flags: PolicyFlags, { io, output }: Context): Promise<Ending> {
  const { env } = io;
  const repository = repositoryUri(env);
  const warehouse = [warehouseBucket(env)];
  const given = (flag: '--source' | '--target', values: readonly string[]) => values.map((value) => sourced(value, flag));
  const sources = role === 'backup' && flags.source.length === 0 ? warehouse : given('--source', flags.source);
  const targets = role === 'restore' && flags.target.length === 0 ? warehouse : given('--target', flags.target);
  const key = fromFlag(flags.sseKmsKeyId, '--sse-kms-key-id');
  if (key !== undefined && !/^arn:[^:]+:kms:[^:]+:\d+:key\/.+$/.test(key.value))
    throw new BcnError('config', `${key.origin} is no ARN of a key: ${JSON.stringify(key.value)}`, {
      hint: 'A policy names a key as arn:aws:kms:REGION:ACCOUNT:key/ID, never by an alias.',
    });
  // Nothing is asked of any service.
  const around = { aws: undefined, compose: false, region: await awsConfigRegion(env) };
  const request: PolicyRequest = {
    role,
    repository: s3Place(repository),
    sources: sources.map((place) => s3Place(placeUriOf(place, 'tables'))),
    targets: targets.map((place) => s3Place(placeUriOf(place, 'tables'))),
    record: flags.record === true,
    repair: flags.repair === true,
    versions: flags.versions === true,
    retention: flags.retention === true,
    ifNoneMatch: flags.ifNoneMatch === true,
    partition: partitionOf(s3Settings('repo', flags, env, around).region.value),
    ...(key && { kmsKey: key.value }),
  };
  const policy = s3Policy(request);
  const notes = policyNotes(request);
  for (const note of notes) output.report.info(note);
  output.item('policy', { role, policy, notes }, JSON.stringify(policy, undefined, 2));
  return { exit: 0, fields: { repository: repository.value } };
}

/** Throws `config` for a local folder. */
function s3Place({ value, origin }: Sourced<string>): S3Place {
  const { scheme, bucket, key } = parseLocation(value);
  if (scheme === 's3') return { bucket, prefix: key === '' ? '' : `${key}/` };
  throw new BcnError('config', `${origin} is no place in S3: ${value}`, {
    hint: 'A local folder has no policy: use its permissions.',
  });
}
