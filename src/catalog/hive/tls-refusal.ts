/** Why a TLS handshake failed, in words that name the settings. Codes are Node's and OpenSSL's. */
export interface TlsRefusal {
  readonly text: string;
  readonly hint: string;
}

const CA_HINT =
  'Set HIVE_METASTORE_CA_FILE to the PEM file of the authority that signed it (of the certificate itself, when it signed itself).';
const NO_VERIFY = 'HIVE_METASTORE_TLS_VERIFY=false accepts any certificate, and with it anybody in between.';
const CLIENT_HINT =
  'If the server demands a certificate of its clients, set HIVE_METASTORE_CERT_FILE and HIVE_METASTORE_KEY_FILE to one that it accepts.';
export const PLAIN_HINT = 'Without TLS on the server, HIVE_METASTORE_TLS must be false.';

const OWN_WORDS: Readonly<Record<string, TlsRefusal>> = {
  CERT_HAS_EXPIRED: {
    text: 'its certificate has expired',
    hint: `Have it renewed, and check the clock of this machine. ${NO_VERIFY}`,
  },
  CERT_NOT_YET_VALID: {
    text: 'its certificate is not valid yet',
    hint: `Check the clocks of this machine and of the server. ${NO_VERIFY}`,
  },
  ERR_SSL_WRONG_VERSION_NUMBER: { text: 'it does not speak TLS', hint: PLAIN_HINT },
  ERR_SSL_PACKET_LENGTH_TOO_LONG: { text: 'it does not speak TLS', hint: PLAIN_HINT },
  ECONNRESET: {
    text: 'it closed the connection during the TLS handshake: does this port speak TLS?',
    hint: `${PLAIN_HINT} ${CLIENT_HINT}`,
  },
};

/** What went wrong with TLS; undefined for errors that are not of TLS. */
export function tlsRefusal(error: Error & { readonly code?: string }): TlsRefusal | undefined {
  const { code = '', message } = error;
  if (OWN_WORDS[code] !== undefined) return OWN_WORDS[code];
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const hint = `HIVE_METASTORE_URI must name the server as its certificate does. ${NO_VERIFY}`;
    return { text: `its certificate is for another host: ${message}`, hint };
  }
  if (/CERT|SIGNATURE|ISSUER|CRL/.test(code) && !code.startsWith('ERR_')) {
    return { text: `its certificate is not trusted: ${message} (${code})`, hint: `${CA_HINT} ${NO_VERIFY}` };
  }
  const refused = handshakeRefusal(error);
  if (refused !== undefined) return refused;
  if (!/^(ERR_SSL|ERR_TLS|EPROTO)/.test(code)) return undefined;
  return { text: `the TLS handshake failed: ${message} (${code})`, hint: `bcn speaks TLS 1.2 and 1.3. ${PLAIN_HINT}` };
}

/** The server ended the handshake with an alert about us; it reads no call before the handshake is over. */
export function handshakeRefusal(error: Error & { readonly code?: string }): TlsRefusal | undefined {
  const alert = /^ERR_SSL_.*ALERT_(.*(CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED).*)$/.exec(error.code ?? '')?.[1];
  if (alert === undefined) return undefined;
  const words = alert.toLowerCase().replaceAll('_', ' ');
  return { text: `the server refused the TLS handshake: ${words}`, hint: CLIENT_HINT };
}
