import type { S3Client } from '@aws-sdk/client-s3';
import type { Sender } from './client.js';
import { type Clients, openClients, type Sdk } from './clients.js';
import type { S3Config } from './config.js';
import { credentialsWithin } from './credentials.js';
import { failureOf, noteOperation } from './failure.js';

/** The part of an SDK client that is used: `client.send(command, options)`. */
export type CommandSender = Pick<S3Client, 'send'>;

interface BucketCommand {
  readonly input: { readonly Bucket?: string };
}

/**
 * Sends each command to the region of its bucket. On AWS a bucket lives in one region, and other regions answer with a redirect or, where
 * the request reached the right one by DNS, refuse the signature and name theirs: the request is sent again there, and the region of
 * the bucket remembered. (The SDK's own `followRegionRedirects` knows the first kind only, and pays for it at every request.) A service at
 * an endpoint of its own has one region; a wrong one is a setting to correct, which the error explains.
 */
export class RegionalClients {
  readonly #sdk: Sdk;
  readonly #config: S3Config;
  readonly #home: Clients;
  readonly #elsewhere = new Map<string, Clients>();
  readonly #regions = new Map<string, string>();

  constructor(sdk: Sdk, config: S3Config) {
    this.#sdk = sdk;
    this.#config = config;
    this.#home = openClients(sdk, config);
  }

  sender(kind: keyof Clients): CommandSender {
    const limit = this.#config.timeouts?.idle ?? 60_000;
    const send = async (command: BucketCommand, options: Sender['options'], redirected = false): Promise<unknown> => {
      const bucket = command.input.Bucket ?? '';
      const region = this.#regions.get(bucket);
      const client = this.#in(region)[kind];
      try {
        if (this.#config.credentials === undefined)
          await credentialsWithin(client.config.credentials, limit, options.abortSignal);
        return await client.send(command as never, options);
      } catch (error) {
        const right = this.#config.endpoint === undefined && !redirected ? rightRegion(error) : undefined;
        if (right === undefined || right === (region ?? (await client.config.region()))) throw noteOperation(error, command);
        this.#regions.set(bucket, right);
      }
      return send(command, options, true);
    };
    return { send: ((command: BucketCommand, options: Sender['options']) => send(command, options)) as S3Client['send'] };
  }

  #in(region: string | undefined): Clients {
    if (region === undefined) return this.#home;
    const known = this.#elsewhere.get(region);
    if (known !== undefined) return known;
    const config = { ...this.#config, region };
    const clients = openClients(this.#sdk, config, this.#config.credentials ?? this.#home.quick.config.credentials);
    this.#elsewhere.set(region, clients);
    return clients;
  }
}

function rightRegion(error: unknown): string | undefined {
  const { status, region = '' } = failureOf(error);
  // It becomes a part of a host name.
  return /^[a-z0-9-]+$/.test(region) && (status === 301 || status === 307 || status === 400) ? region : undefined;
}
