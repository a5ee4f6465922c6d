import { describe } from 'vitest';

/** The address of each real part. `missing` gives the reason for each that is not there. */
export interface Lab {
  readonly s3?: { readonly endpoint: string; readonly accessKey: string; readonly secretKey: string };
  /** `thrift://host:port` */
  readonly hms?: { readonly uri: string };
  readonly spark?: { readonly url: string };
  readonly pyiceberg?: { readonly url: string };
  readonly missing: Readonly<Record<string, string>>;
}

export type Part = 's3' | 'hms' | 'spark' | 'pyiceberg';

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
  return {
    s3: { endpoint: url, accessKey: 'none', secretKey: 'none' },
    hms: { uri: 'thrift://127.0.0.1:1' },
    spark: { url },
    pyiceberg: { url },
    ...found,
  };
}

/** Make a bucket in the lab's S3; one that exists is no error. */
export async function makeBucket({ s3 }: LabWith<'s3'>, bucket: string): Promise<void> {
  const { BucketAlreadyOwnedByYou, CreateBucketCommand, S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: s3.accessKey, secretAccessKey: s3.secretKey },
  });
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  } finally {
    client.destroy();
  }
}
