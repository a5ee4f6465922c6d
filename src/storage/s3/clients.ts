import { Agent } from 'node:https';
import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Config } from './config.js';
import { trusting } from './trust.js';

export type Sdk = typeof import('@aws-sdk/client-s3');
export type Headers = Readonly<Record<string, string>>;

/** The SDK clients of one service in one region. */
export interface Clients {
  readonly quick: S3Client;
  /** For requests during which the service may be silent for minutes. */
  readonly patient: S3Client;
}

/** What the SDK makes of credentials: a provider that keeps them and renews them before they expire. */
export type Credentials = S3Config['credentials'] | S3Client['config']['credentials'];

/** Makes the clients; nothing is connected yet. */
export function openClients(sdk: Sdk, config: S3Config, credentials: Credentials = config.credentials): Clients {
  const pool = { keepAlive: true, maxSockets: 256 };
  const tls = config.authority === undefined ? undefined : { ...pool, secureContext: trusting(config.authority) };
  const make = (socketTimeout: number, who: Credentials): S3Client => {
    const client = new sdk.S3Client({
      ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
      ...(config.region !== undefined || config.endpoint !== undefined ? { region: config.region ?? 'us-east-1' } : {}),
      ...(who ? { credentials: who } : {}),
      forcePathStyle: config.forcePathStyle ?? config.endpoint !== undefined,
      retryMode: 'standard',
      maxAttempts: config.maxAttempts ?? 5,
      // Sums are ours: sha256 where bytes are sent. The SDK's own CRC32 breaks services that do not know its trailers.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_SUPPORTED',
      requestHandler: {
        connectionTimeout: config.timeouts?.connect ?? 5_000,
        socketTimeout,
        httpAgent: pool,
        httpsAgent: tls ? new Agent(tls) : pool,
        logger: SILENT,
      },
      logger: SILENT,
    });
    keepHeaders(client);
    dropSumsOfParts(client);
    return client;
  };
  const quick = make(config.timeouts?.idle ?? 60_000, credentials);
  // The same credentials provider, so that a role is asked once.
  const patient = make(config.timeouts?.copyIdle ?? 600_000, credentials ?? quick.config.credentials);
  return { quick, patient };
}

const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

const HEADERS = Symbol('headers');

function keepHeaders(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { readonly headers?: Headers };
      Object.defineProperty(result.output, HEADERS, { value: headers ?? {} });
      return result;
    },
    { step: 'finalizeRequest', priority: 'low', name: 'bcnKeepHeaders' },
  );
}

/**
 * Takes the checksums off an answer that holds a part of an object, before the SDK compares them: some services send those of the whole
 * object (Ceph before 2025), and S3, for a range that is all of it, a composite one that does not say what it is.
 */
function dropSumsOfParts(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { statusCode, headers = {} } = result.response as {
        readonly statusCode?: number;
        readonly headers?: Record<string, string>;
      };
      if (statusCode !== 206) return result;
      for (const name of Object.keys(headers)) if (name.startsWith('x-amz-checksum-')) delete headers[name];
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'bcnDropSumsOfParts' },
  );
}

/** The raw headers of an answer of these clients. */
export function headersOf(output: object): Headers {
  return (output as { readonly [HEADERS]?: Headers })[HEADERS] ?? {};
}
