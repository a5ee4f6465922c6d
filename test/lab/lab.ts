import { describe } from 'vitest';
import { putBucket } from './parts/bucket.mjs';

/** One S3 service of the lab. */
export interface S3Part {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Default us-east-1. */
  readonly region?: string;
  /** Buckets are hosts of this domain, too: `bucket.domain`. The names need not resolve. */
  readonly domain?: string;
  /** PEM file of the authority behind an https endpoint. */
  readonly ca?: string;
  /** Id of a key of its KMS. */
  readonly kmsKey?: string;
}

/** One metastore of the lab; `uri` = `thrift://host:port`. */
export interface HmsPart {
  readonly uri: string;
  /** PEM file of the authority, where it speaks TLS. */
  readonly ca?: string;
}

interface Parts {
  /** MinIO, as most tests use it. */
  readonly s3: S3Part;
  /** A second MinIO with all that is unusual: other keys, TLS of a private authority, another region, virtual hosts, a KMS. */
  readonly minio2: S3Part;
  /** Another implementation: real folders, no compare-and-swap. */
  readonly versitygw: S3Part;
  /** Hive Metastore 4.0.0 on Derby, as most tests use it: Spark and pyiceberg can talk to it. */
  readonly hms: HmsPart;
  /** 3.1.3 on Derby. */
  readonly hms3: HmsPart;
  /** 4.0.1 on PostgreSQL: no `get_table`. */
  readonly hms401: HmsPart;
  /** 4.0.0 with TLS and framed transport. */
  readonly hmsTls: HmsPart;
  /** 4.0.0 that demands SASL (PLAIN, user `hive`, password `changeit`); it just closes on anything else. */
  readonly hmsSasl: HmsPart;
  readonly postgres: { readonly host: string; readonly port: number; readonly user: string; readonly password: string };
  readonly spark: { readonly url: string };
  readonly pyiceberg: { readonly url: string };
}

export type Part = keyof Parts;

/** The address of each real part. `missing` gives the reason for each that is not there. */
export type Lab = Partial<Parts> & { readonly missing: Readonly<Record<string, string>> };

/** The lab that `npm test` started (BCN_LAB), else the addresses of `npm run lab -- env` (BCN_TEST_*). */
export function lab(env: NodeJS.ProcessEnv = process.env): Lab {
  if (env.BCN_LAB) return JSON.parse(env.BCN_LAB) as Lab;
  const s3 = env.BCN_TEST_S3_ENDPOINT;
  return {
    ...(s3 && {
      s3: {
        endpoint: s3,
        accessKey: env.BCN_TEST_S3_ACCESS_KEY ?? 'admin',
        secretKey: env.BCN_TEST_S3_SECRET_KEY ?? 'password',
      },
    }),
    ...(env.BCN_TEST_HMS_URI && { hms: { uri: env.BCN_TEST_HMS_URI } }),
    ...(env.BCN_TEST_SPARK_URL && { spark: { url: env.BCN_TEST_SPARK_URL } }),
    ...(env.BCN_TEST_PYICEBERG_URL && { pyiceberg: { url: env.BCN_TEST_PYICEBERG_URL } }),
    missing: {},
  };
}

/** The lab, with all its parts there: what the body of a `describeWith` gets. */
export type LabWith<P extends Part> = Lab & Required<Pick<Lab, P>>;

/**
 * `describe` when these parts are there, else `describe.skip` with the reason in the name.
 * The body gets the lab with exactly those parts known to be present.
 */
export function describeWith<P extends Part>(parts: readonly P[], name: string, body: (lab: LabWith<P>) => void): void {
  const found = lab();
  const reason = missingReason(found, parts);
  if (reason === undefined) describe(name, () => body(found as LabWith<P>));
  // The tests are declared all the same, so that they count as skipped; their bodies never run.
  else describe.skip(`${name} [${reason}]`, () => body(placeholder(found) as LabWith<P>));
}

/** Why these parts cannot be used, or undefined when they can. */
export function missingReason(found: Lab, parts: readonly Part[]): string | undefined {
  const lacking = parts.filter((part) => !found[part]);
  if (lacking.length === 0) return undefined;
  return lacking
    .map((part) => `no ${part}: ${found.missing[part] ?? 'no lab is up (npm test, or npm run lab -- up)'}`)
    .join('; ');
}

/** Addresses for a body that is only collected: well-formed, and refused by every network. */
function placeholder(found: Lab): Lab {
  const url = 'http://127.0.0.1:1';
  const s3 = { endpoint: url, accessKey: 'none', secretKey: 'none' };
  const hms = { uri: 'thrift://127.0.0.1:1' };
  return {
    ...{ s3, minio2: s3, versitygw: s3 },
    ...{ hms, hms3: hms, hms401: hms, hmsTls: hms, hmsSasl: hms },
    postgres: { host: '127.0.0.1', port: 1, user: 'none', password: 'none' },
    spark: { url },
    pyiceberg: { url },
    ...found,
  };
}

/** Make a bucket in an S3 service of the lab; one that exists is no error. */
export async function makeBucket({ s3 }: { readonly s3: S3Part }, bucket: string): Promise<void> {
  await putBucket(s3, bucket);
}
