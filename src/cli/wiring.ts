import type { Catalog } from '../catalog/port.js';
import { type CatalogFlags, catalogSettings } from '../config/catalog.js';
import { multipartThreshold } from '../config/limits.js';
import { copyUri, repositoryUri } from '../config/places.js';
import {
  lookAround,
  placePrefix,
  type Role,
  type S3Flags,
  type S3Settings,
  type Surroundings,
  s3Settings,
} from '../config/s3.js';
import type { Env, Sourced } from '../config/sourced.js';
import type { DemoDeps } from '../demo/demo.js';
import type { RepositoryPlace } from '../repository/place.js';
import { FileStore } from '../storage/file/file-store.js';
import type { ObjectStore, StoreResolver } from '../storage/port.js';
import { Stores } from '../storage/resolver.js';
import { createS3Service, type S3Service } from '../storage/s3/s3-store.js';
import type { Context } from './invocation.js';
import { PLACE_NAMES } from './options.js';

/** The stores of a command. The only module that knows all adapters: everything else sees the ports. */
export interface Storage {
  readonly repository: RepositoryPlace;
  /** Without a trailing slash, for messages. */
  readonly repositoryUri: string;
  readonly source: StoreResolver;
  readonly target: StoreResolver;
}

/**
 * Opens the places that a command touches; a service that two of them share is one service, so that it can copy between them.
 * Connects to nothing yet, except for the look at the compose default's port. Throws `config` and `usage`.
 */
export async function openStorage(flags: S3Flags & CatalogFlags, context: Context, roles: readonly Role[]): Promise<Storage> {
  const { env } = context.io;
  const uri = repositoryUri(env);
  const allLocal = uri.value.startsWith('file:') && roles.every((role) => role === 'repo');
  const open = s3Opener(flags, context, roles, await surroundings(env, allLocal));
  const warehouse = localFolder(flags.warehouse ?? env.BCN_PATH_WAREHOUSE ?? '');
  return {
    repository: repositoryAt(uri, open('repo')),
    repositoryUri: uri.value,
    source: new Stores({ s3: open('source'), file: () => new FileStore() }),
    target: new Stores({ s3: open('target'), file: () => new FileStore({ tidyBelow: warehouse }) }),
  };
}

/** Two repositories: the one that is copied, and the one that `--to` names. Throws `config` and `usage`. */
export async function openCopy(
  flags: S3Flags & { readonly to: string },
  context: Context,
): Promise<{ readonly [side in 'from' | 'to']: { readonly place: RepositoryPlace; readonly uri: string } }> {
  const { env } = context.io;
  const uris = { repo: repositoryUri(env), to: copyUri(flags.to) };
  const allLocal = Object.values(uris).every(({ value }) => value.startsWith('file:'));
  const open = s3Opener(flags, context, ['repo', 'to'], await surroundings(env, allLocal));
  const side = (role: 'repo' | 'to') => ({ place: repositoryAt(uris[role], open(role)), uri: uris[role].value });
  return { from: side('repo'), to: side('to') };
}

function surroundings(env: Env, allLocal: boolean): Promise<Surroundings> | Surroundings {
  return allLocal ? { aws: undefined, compose: false, region: undefined } : lookAround(env);
}

function repositoryAt({ value: uri }: Sourced<string>, s3: (bucket: string) => ObjectStore): RepositoryPlace {
  const stores = new Stores({ s3, file: () => new FileStore({ tidyBelow: localFolder(uri) }) });
  const { store, key } = stores.resolve(uri);
  return { store, prefix: key === '' ? '' : `${key}/` };
}

function localFolder(uri: string): string | undefined {
  return uri.startsWith('file:///') ? uri.slice('file://'.length) : undefined;
}

/** How to open a bucket of a role. Settings are read when the first bucket is asked for: local work needs none. */
function s3Opener(
  flags: S3Flags,
  context: Context,
  roles: readonly Role[],
  around: Surroundings,
): (role: Role) => (bucket: string) => ObjectStore {
  const services = new Map<string, S3Service>();
  const { env } = context.io;
  return (role) => (bucket) => {
    const settings = s3Settings(role, flags, env, around);
    const same = roles.every((other) => identityOf(settings) === identityOf(s3Settings(other, flags, env, around)));
    context.used.add(`${same ? 'S3' : `S3 of the ${PLACE_NAMES[role]}`}: ${settings.used}`);
    // Where places differ, a hint must name the variable of the one that it is about.
    const prefix = same ? settings.prefix : placePrefix(role);
    const id = `${prefix} ${identityOf(settings)} ${JSON.stringify(settings.kept)}`;
    const service = services.get(id) ?? createS3Service(s3Config({ ...settings, prefix }, multipartThreshold(env)));
    services.set(id, service);
    return service.bucket(bucket);
  };
}

function s3Config(settings: S3Settings, threshold: number): Parameters<typeof createS3Service>[0] {
  const { endpoint, region, keys, pathStyle, authority, kept, prefix, used } = settings;
  return {
    endpoint: endpoint?.value,
    region: region.value,
    credentials: keys && {
      accessKeyId: keys.value.accessKey,
      secretAccessKey: keys.value.secretKey.reveal(),
      sessionToken: keys.value.sessionToken?.reveal(),
      variables: keys.value.prefix,
    },
    forcePathStyle: pathStyle,
    authority: authority?.value,
    variables: prefix,
    origin: used,
    multipartThreshold: threshold,
    ...kept,
  };
}

/**
 * Never printed: it holds the keys, since two places of one service may be used as different identities. Settings that are equal but come from
 * other variables count as different, so that an error names the right ones; whether the service copies between two places is decided by
 * the stores' own `service`. How they keep what is written makes them no other services.
 */
function identityOf({ keys, kept: _, ...settings }: S3Settings): string {
  const { accessKey, secretKey, sessionToken } = keys?.value ?? {};
  return JSON.stringify([settings, accessKey, secretKey?.reveal(), sessionToken?.reveal()]);
}

const UNVERIFIED =
  'The certificate of the Hive Metastore is not verified (HIVE_METASTORE_TLS_VERIFY=false): anybody in between can pose as it.';

/** The catalog that a command works on; `stores` are those of the side it is on. Connects to nothing yet. */
export async function openCatalog(flags: CatalogFlags, context: Context, stores: StoreResolver): Promise<Catalog> {
  const settings = catalogSettings(flags, context.io.env);
  context.used.add(settings.used);
  if (settings.type === 'path') {
    const { createPathCatalog } = await import('../catalog/path/path-catalog.js');
    return createPathCatalog({ warehouse: settings.warehouse.value, stores });
  }
  const { createHiveCatalog } = await import('../catalog/hive/hive-catalog.js');
  const { uri, framed, tls, user, timeoutMs } = settings;
  if (tls?.verify === false) context.output.report.warn(UNVERIFIED);
  const timeouts = timeoutMs && { connect: Math.min(timeoutMs, 10_000), read: timeoutMs, write: 2 * timeoutMs };
  return createHiveCatalog({
    uri: uri.value,
    framed,
    tls: tls && { ca: tls.ca, cert: tls.pair?.cert, key: tls.pair?.key.reveal(), verify: tls.verify },
    user: user?.value,
    ...(timeouts ? { timeouts } : {}),
  });
}

/** What the demo needs: stores, repositories and path catalogs in folders of this machine. */
export async function localParts(): Promise<Omit<DemoDeps, 'report'>> {
  const { createPathCatalog } = await import('../catalog/path/path-catalog.js');
  const store = new FileStore();
  const stores = new Stores({ file: () => store });
  return {
    stores,
    repository: (folder) => ({ store, prefix: `${folder.slice(1)}/` }),
    catalog: (folder) => createPathCatalog({ warehouse: `file://${folder}`, stores }),
  };
}
