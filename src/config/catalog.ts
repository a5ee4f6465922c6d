import { BcnError } from '../errors.js';
import { COMPOSE } from './compose.js';
import { type HiveTlsSettings, hiveTlsSettings } from './hive-tls.js';
import { trueOrFalse, wholeNumber } from './numbers.js';
import { type Env, fromEnv, fromFlag, quoted, type Sourced, sourced } from './sourced.js';

export interface CatalogFlags {
  readonly catalogType?: string;
  readonly metastoreUri?: string;
  readonly framed?: boolean;
  readonly warehouse?: string;
}

export type CatalogSettings = HiveSettings | PathSettings;

export interface HiveSettings {
  readonly type: 'hive';
  /** One server or several, comma-separated: tried in order. */
  readonly uri: Sourced<string>;
  readonly framed: boolean;
  /** undefined = unencrypted. */
  readonly tls: HiveTlsSettings | undefined;
  /** Whom the metastore is told we are, as Hive's own clients do it; undefined = nobody. */
  readonly user: Sourced<string> | undefined;
  /** Deadline of one call, ms; undefined = the adapter's. */
  readonly timeoutMs: number | undefined;
  /** For messages. */
  readonly used: string;
}

export interface PathSettings {
  readonly type: 'path';
  /** `file://` or object-store URL of the folder of namespaces, without a trailing slash. */
  readonly warehouse: Sourced<string>;
  readonly used: string;
}

/** The catalog a command works on. Throws `usage` or `config`. */
export function catalogSettings(flags: CatalogFlags, env: Env): CatalogSettings {
  return flags.catalogType === 'path' ? pathSettings(flags, env) : hiveSettings(flags, env);
}

function hiveSettings(flags: CatalogFlags, env: Env): HiveSettings {
  const uri =
    fromFlag(flags.metastoreUri, '--metastore-uri') ??
    fromEnv(env, 'HIVE_METASTORE_URI') ??
    sourced(COMPOSE.metastore, 'compose default');
  const servers = uri.value.split(',').map((server) => server.trim());
  for (const server of servers) checkServer(server, uri.origin);
  const framed = fromEnv(env, 'HIVE_METASTORE_FRAMED');
  const timeout = fromEnv(env, 'HIVE_METASTORE_TIMEOUT');
  const tls = hiveTlsSettings(env);
  const user = fromEnv(env, 'HADOOP_USER_NAME');
  const facts = [
    `metastore ${servers.join(',')} (${uri.origin})`,
    ...(tls === undefined ? [] : [tls.used]),
    ...(user === undefined ? [] : [`as ${user.value} (${user.origin})`]),
  ];
  return {
    type: 'hive',
    uri: sourced(servers.join(','), uri.origin),
    framed: flags.framed ?? (framed === undefined ? false : trueOrFalse(framed)),
    tls,
    user,
    timeoutMs: timeout === undefined ? undefined : 1000 * wholeNumber(timeout, 1, 3600),
    used: facts.join(', '),
  };
}

function checkServer(server: string, origin: string): void {
  const hint = `For example ${COMPOSE.metastore}.`;
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    throw new BcnError('config', `${origin} holds credentials`, {
      hint: 'bcn speaks to metastores without authentication only.',
    });
  }
  if (url === undefined || url.protocol !== 'thrift:' || url.hostname === '' || !/^\/?$/.test(url.pathname)) {
    throw new BcnError('config', `${origin} is no thrift:// address: ${quoted(server)}`, { hint });
  }
}

function pathSettings(flags: CatalogFlags, env: Env): PathSettings {
  const warehouse = fromFlag(flags.warehouse, '--warehouse') ?? fromEnv(env, 'BCN_PATH_WAREHOUSE');
  if (warehouse === undefined) {
    throw new BcnError('usage', 'The path catalog needs --warehouse (or BCN_PATH_WAREHOUSE)', {
      hint: 'The folder that holds <namespace>/<table>, for example --warehouse file:///data/warehouse.',
    });
  }
  const value = warehouse.value.replace(/\/+$/, '');
  if (!/^(file:\/\/\/|s3[an]?:\/\/[^/])./.test(value) || /[?#\0]/.test(value)) {
    throw new BcnError('config', `${warehouse.origin} is no file:// or s3:// address: ${quoted(warehouse.value)}`, {
      hint: 'For example file:///data/warehouse.',
    });
  }
  return { type: 'path', warehouse: sourced(value, warehouse.origin), used: `path catalog ${value} (${warehouse.origin})` };
}
