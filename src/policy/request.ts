/** Who is to have a policy (specs/05-stores.md, "Roles"). */
export const POLICY_ROLES = ['backup', 'restore', 'verify', 'prune'] as const;
export type PolicyRole = (typeof POLICY_ROLES)[number];

/** A bucket, or what lies below a prefix of it. */
export interface S3Place {
  readonly bucket: string;
  /** '' or a prefix that ends in '/'. */
  readonly prefix: string;
}

export interface PolicyRequest {
  readonly role: PolicyRole;
  readonly repository: S3Place;
  /** Where tables are read from: by a backup, and by a restore or a check of backups in `reference` mode. */
  readonly sources: readonly S3Place[];
  /** Where a restore writes. */
  readonly targets: readonly S3Place[];
  /** verify: write down what it found. */
  readonly record: boolean;
  /** backup: also repair damaged backups. */
  readonly repair: boolean;
  /** prune: also remove what a bucket with versioning keeps. */
  readonly versions: boolean;
  /** verify: also read how long objects are locked (`list --retention`). */
  readonly retention: boolean;
  /** backup, prune, verify: what need not be replaced may only be created (a condition that AWS knows). */
  readonly ifNoneMatch: boolean;
  /** ARN of the key that the repository is encrypted with. */
  readonly kmsKey?: string;
  /** `aws`, `aws-cn`, …: how ARNs begin. */
  readonly partition: string;
}

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}
