import { createHmac, randomBytes } from 'node:crypto';

const MiB = 1 << 20;
const AWS = 's3.amazonaws.com';
/** S3 copies at most this much in one request. */
const MAX_SINGLE_COPY = 5 * 1024 * MiB;
/** S3 takes no smaller part, but the last. */
const MIN_PART = 5 * MiB;
/** S3 takes no more parts. */
const MAX_PARTS = 10_000;

export type CopyChecksum = 'SHA256' | 'CRC64NVME' | 'CRC32C' | 'CRC32';

/** One S3 service as one identity sees it. */
export interface S3Config {
  /** http:// or https:// address; undefined = AWS. */
  readonly endpoint?: string;
  readonly region?: string;
  /** undefined = the AWS SDK's default chain (environment, profile, container, instance role). */
  readonly credentials?: S3Credentials;
  /** PEM certificates of private authorities, trusted beside the system's. */
  readonly authority?: string;
  /** Beginning of the variables that set this service up, for hints: `BCN_REPO_S3`; default S3. */
  readonly variables?: string;
  /** Where endpoint and credentials come from, for error messages: `http://… (S3_ENDPOINT), keys of S3_ACCESS_KEY`. */
  readonly origin?: string;
  /** `http://host/bucket/key` instead of `http://bucket.host/key`; default true with an endpoint. */
  readonly forcePathStyle?: boolean;
  /** Copies of more bytes go in parts; default and maximum 5 GiB. */
  readonly multipartThreshold?: number;
  /** Bytes of a part, at least 5 MiB; default 256 MiB for copies, 8 MiB for uploads. Grows for objects of more than 10,000 parts. */
  readonly partSize?: number;
  /** Bytes that all uploads together may hold in memory; default 128 MiB. A part of more is uploaded alone. */
  readonly uploadMemory?: number;
  /** Storage class of what is copied and uploaded; default: the service's. What is created is small, and gets none. */
  readonly storageClass?: string;
  /** KMS key that everything written is encrypted with: an id, an ARN or an alias; default: as the bucket says. */
  readonly kmsKey?: string;
  /** Asked of the service for copies; default SHA256. */
  readonly copyChecksum?: CopyChecksum;
  /** Name of service and identity: stores of equal labels copy between each other. Default: endpoint and a hash of the keys. */
  readonly label?: string;
  /** Keys of one page of a listing; the service may give fewer. */
  readonly pageSize?: number;
  readonly timeouts?: S3Timeouts;
  /** Tries of one request; default 5. */
  readonly maxAttempts?: number;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Beginning of the variables that they came from, for hints; default: that of the service. */
  readonly variables?: string;
}

/** In ms. */
export interface S3Timeouts {
  /** default 5,000 */
  readonly connect?: number;
  /** Longest silence on a connection; default 60,000. */
  readonly idle?: number;
  /** The same for requests in which the service copies or assembles an object, and may be silent meanwhile; default 600,000. */
  readonly copyIdle?: number;
}

/** Makes labels comparable within this process, and a guess at what is behind them worthless. */
const LABEL_KEY = randomBytes(32);

/**
 * The `service` of the stores: who at which service, for comparisons within this process; no secret in it. Other keys, or the same with another
 * session token, are another identity: what one may read the other may not. AWS copies between its regions (the request goes to the
 * target's), so there a region is no part of it; a partition (China, US government, …) is a service of its own.
 */
export function serviceLabel(config: S3Config): string {
  if (config.label !== undefined) return config.label;
  const where = config.endpoint === undefined ? `AWS${partition(config.region)}` : addressOf(config.endpoint);
  return `s3 ${where} as ${identity(config.credentials)}`;
}

function identity(credentials: S3Credentials | undefined): string {
  if (credentials === undefined) return 'default chain';
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const all = JSON.stringify([accessKeyId, secretAccessKey, sessionToken]);
  return createHmac('sha256', LABEL_KEY).update(all).digest('hex').slice(0, 16);
}

function partition(region = ''): string {
  const name = /^(cn|us-gov|us-iso[a-z]?|eu-iso[a-z]?|eusc)-/.exec(region)?.[1];
  return name === undefined ? '' : ` ${name}`;
}

/**
 * The `endpoint` of the stores: one spelling for each service, whoever uses it and from whichever region. Bucket names are global in AWS, so all of
 * its addresses are one.
 */
export function endpointId({ endpoint }: S3Config): string {
  if (endpoint === undefined) return AWS;
  return URL.canParse(endpoint) && new URL(endpoint).hostname.endsWith('.amazonaws.com') ? AWS : addressOf(endpoint);
}

function addressOf(endpoint: string): string {
  if (!URL.canParse(endpoint)) return endpoint.toLowerCase().replace(/\/+$/, '');
  // The URL has its host in lower case and no default port; user and password stay out.
  const { protocol, host, pathname } = new URL(endpoint);
  return `${protocol}//${host}${pathname}`.replace(/\/+$/, '');
}

/** Where requests go, for messages. */
export function endpointName(config: S3Config): string {
  return config.endpoint ?? `AWS S3${config.region ? ` in ${config.region}` : ''}`;
}

/** Which settings were used, for messages. */
export function describeOrigin(config: S3Config): string {
  if (config.origin !== undefined) return config.origin;
  const who = config.credentials ? 'the configured access key' : "the AWS SDK's default credential chain";
  return `${endpointName(config)}, ${who}`;
}

/** The variable behind one setting of this service, for hints: `S3_REGION`, or that of the place. */
export function variableOf(config: S3Config, setting: Setting): string {
  return `${config.variables ?? 'S3'}_${setting}`;
}

type Setting =
  | 'ENDPOINT'
  | 'REGION'
  | 'CA_FILE'
  | 'PATH_STYLE'
  | 'ACCESS_KEY'
  | 'SECRET_KEY'
  | 'STORAGE_CLASS'
  | 'SSE_KMS_KEY_ID';

export function multipartThreshold(config: S3Config): number {
  return Math.min(config.multipartThreshold ?? MAX_SINGLE_COPY, MAX_SINGLE_COPY);
}

/** The size of the parts of an object: the wanted one, or more where 10,000 parts would not do, in whole MiB. */
export function partSizeFor(size: number, wanted: number): number {
  return Math.max(MIN_PART, wanted, Math.ceil(size / MAX_PARTS / MiB) * MiB);
}
