import { BcnError } from '../../errors.js';
import { allowListeners } from '../guard.js';
import { Buffers } from './buffers.js';
import { type Headers, headersOf, type Sdk } from './clients.js';
import { endpointName, type S3Config, serviceLabel } from './config.js';
import { type CommandSender, RegionalClients } from './regions.js';

const UPLOAD_MEMORY = 128 * (1 << 20);

/** What an SDK call sends with: hand both to `client.send(command, options)`. */
export interface Sender {
  readonly sdk: Sdk;
  readonly client: CommandSender;
  readonly options: { readonly abortSignal?: AbortSignal };
}

/** A parsed answer and its raw headers (MinIO gives checksums of copies only there). */
export interface Answer<T> {
  readonly output: T;
  readonly headers: Headers;
  /** The service's clock, ms. */
  readonly date: number;
}

/** One S3 service: its SDK clients, opened on first use, and what was learnt of its abilities. */
export class S3Connection {
  readonly config: S3Config;
  readonly service: string;
  /** Set when the service refused the checksum algorithm of single or multipart copies, parts without a sum, deletes in bulk, or If-None-Match of a PUT. */
  readonly refused = { copyChecksum: false, partChecksum: false, plainPart: false, bulkDelete: false, conditionalPut: false };
  /** What all uploads together may hold in memory. */
  readonly memory: Buffers;
  #clients: Promise<Opened> | undefined;

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
    const { sdk, clients } = await this.#open();
    allowListeners(options.signal);
    const sendOptions = options.signal ? { abortSignal: options.signal } : {};
    const client = clients.sender(options.patient ? 'patient' : 'quick');
    const output = await call({ sdk, client, options: sendOptions });
    const headers = headersOf(output);
    const date = Date.parse(headers.date ?? '');
    if (Number.isNaN(date)) {
      throw new BcnError('unsupported', `${endpointName(this.config)} answers without a Date header.`, {
        hint: 'bcn trusts only the clock of the store. Let the proxy in front of it pass the Date header on.',
      });
    }
    return { output, headers, date };
  }

  #open(): Promise<Opened> {
    this.#clients ??= open(this.config);
    return this.#clients;
  }
}

interface Opened {
  readonly sdk: Sdk;
  readonly clients: RegionalClients;
}

async function open(config: S3Config): Promise<Opened> {
  const sdk = await import('@aws-sdk/client-s3');
  return { sdk, clients: new RegionalClients(sdk, config) };
}
