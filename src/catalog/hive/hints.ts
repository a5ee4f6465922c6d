/** How a connection is spoken over: what advice about it depends on. */
export interface Transport {
  readonly framed: boolean;
  readonly tls: boolean;
}

export const SLOW_HINT = 'If the server is only slow, raise HIVE_METASTORE_TIMEOUT.';

/** For a server that never gave an answer that could be read: what it may speak instead. */
export function transportHint({ framed, tls }: Transport): string {
  const framing = framed
    ? 'Framed transport is on: a server without it needs HIVE_METASTORE_FRAMED=false'
    : 'A server with framed transport needs HIVE_METASTORE_FRAMED=true';
  const encryption = tls
    ? ', one that demands a certificate of its clients HIVE_METASTORE_CERT_FILE and HIVE_METASTORE_KEY_FILE'
    : ', one with TLS HIVE_METASTORE_TLS=true';
  return `Check that this is the Thrift port of a Hive Metastore. ${framing}${encryption}; SASL (Kerberos) and HTTP transport are not supported.`;
}

/** The same in a word or two, for the message itself: servers that expect another transport just close. */
export function transportDoubt({ framed, tls }: Transport): string {
  return ` (${framed ? 'not framed?' : 'framed?'}${tls ? '' : ' TLS?'} SASL?)`;
}
