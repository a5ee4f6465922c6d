import type { S3Client } from '@aws-sdk/client-s3';
import { BcnError } from '../../errors.js';
import { allowListeners } from '../guard.js';
import { Buffers } from './buffers.js';
import { type S3Config, serviceLabel } from './config.js';

const UPLOAD_MEMORY = 128 * (1 << 20);

export type Sdk = typeof import('@aws-sdk/client-s3');
export type Headers = Readonly<Record<string, string>>;

/** What an SDK call sends with: hand both to `client.send(command, options)`. */
export interface Sender {
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly options: { readonly abortSignal?: AbortSignal };
}

/** A parsed answer and its raw headers (MinIO gives checksums of copies only there). */
export interface Answer<T> {
  readonly output: T;
  readonly headers: Headers;
  /** The service's clock, ms. */
  readonly date: number;
}

interface Clients {
  readonly sdk: Sdk;
  readonly quick: S3Client;
  /** For requests during which the service may be silent for minutes. */
  readonly patient: S3Client;
}

/** One S3 service: its SDK clients, opened on first use, and what was learnt of its abilities. */
export class S3Connection {
  readonly config: S3Config;
  readonly service: string;
  /** Set when the service refused the checksum algorithm of single or multipart copies, or deletes in bulk. */
  readonly refused = { copyChecksum: false, partChecksum: false, bulkDelete: false };
  /** What all uploads together may hold in memory. */
  readonly memory: Buffers;
  #clients: Promise<Clients> | undefined;

  constructor(config: S3Config) {
    this.config = config;
    this.memory = new Buffers(config.uploadMemory ?? UPLOAD_MEMORY);
    this.service = serviceLabel(config);
  }

  /** Sends one request (with the SDK's retries). Throws the SDK's error, see errors.ts. */
  async send<T extends object>(
    call: (sender: Sender) => Promise<T>,
    options: { readonly signal?: AbortSignal | undefined; readonly patient?: boolean } = {},
  ): Promise<Answer<T>> {
    const { sdk, quick, patient } = await this.#open();
    allowListeners(options.signal);
    const sendOptions = options.signal ? { abortSignal: options.signal } : {};
    const output = await call({ sdk, client: options.patient ? patient : quick, options: sendOptions });
    const headers = headersOf(output);
    const date = Date.parse(headers.date ?? '');
    if (Number.isNaN(date)) {
      throw new BcnError('unsupported', `${this.service} answers without a Date header.`, {
        hint: 'bcn trusts only the clock of the store. Let the proxy in front of it pass the Date header on.',
      });
    }
    return { output, headers, date };
  }

  #open(): Promise<Clients> {
    this.#clients ??= openClients(this.config);
    return this.#clients;
  }
}

async function openClients(config: S3Config): Promise<Clients> {
  const sdk = await import('@aws-sdk/client-s3');
  const idle = config.timeouts?.idle ?? 60_000;
  const make = (socketTimeout: number, credentials: S3Config['credentials'] | S3Client['config']['credentials']): S3Client => {
    const client = new sdk.S3Client({
      ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
      ...(config.region !== undefined || config.endpoint !== undefined ? { region: config.region ?? 'us-east-1' } : {}),
      ...(credentials ? { credentials } : {}),
      forcePathStyle: config.forcePathStyle ?? config.endpoint !== undefined,
      retryMode: 'standard',
      maxAttempts: config.maxAttempts ?? 5,
      // Sums are ours: sha256 where bytes are sent. The SDK's own CRC32 breaks services that do not know its trailers.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_SUPPORTED',
      requestHandler: {
        connectionTimeout: config.timeouts?.connect ?? 5_000,
        socketTimeout,
        httpAgent: { keepAlive: true, maxSockets: 256 },
        httpsAgent: { keepAlive: true, maxSockets: 256 },
        logger: SILENT,
      },
      logger: SILENT,
    });
    keepHeaders(client);
    return client;
  };
  const quick = make(idle, config.credentials);
  // The same credentials provider, so that a role is asked once.
  const patient = make(config.timeouts?.copyIdle ?? 600_000, config.credentials ?? quick.config.credentials);
  return { sdk, quick, patient };
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

function headersOf(output: object): Headers {
  return (output as { readonly [HEADERS]?: Headers })[HEADERS] ?? {};
}
