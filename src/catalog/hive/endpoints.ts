import { BcnError } from '../../errors.js';

/** One server of a metastore. `uri` is how messages name it. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly uri: string;
}

const DEFAULT_PORT = 9083;
const HINT = 'Write thrift://HOST:9083, several servers with commas between.';

/** Parses `thrift://h1:9083,thrift://h2:9083` (as hive.metastore.uris). The port defaults to 9083. Throws `config`. */
export function parseEndpoints(uris: string): readonly Endpoint[] {
  const endpoints = uris
    .split(',')
    .map((uri) => uri.trim())
    .filter((uri) => uri !== '')
    .map(parseEndpoint);
  if (endpoints.length === 0) throw new BcnError('config', 'The Hive Metastore URI is empty', { hint: HINT });
  return endpoints;
}

/** The servers as a set: equal for lists that differ in order, repetition or case only. */
export function endpointsKey(endpoints: readonly Endpoint[]): string {
  return [...new Set(endpoints.map(({ uri }) => uri.toLowerCase()))].sort().join(',');
}

function parseEndpoint(uri: string): Endpoint {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  // The text itself stays out of the message where it may hold a password.
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    throw new BcnError('config', 'A Hive Metastore URI cannot hold a user or password', { hint: HINT });
  }
  if (
    url?.protocol !== 'thrift:' ||
    url.hostname === '' ||
    !['', '/'].includes(url.pathname) ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new BcnError('config', `"${uri}" is not the URI of a Hive Metastore`, { hint: HINT });
  }
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port, uri: `thrift://${url.hostname}:${port}` };
}
