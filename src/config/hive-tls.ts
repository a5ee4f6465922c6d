import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BcnError } from '../errors.js';
import { readAuthority } from './authority.js';
import { trueOrFalse } from './numbers.js';
import { Secret } from './secret.js';
import { type Env, fromEnv, type Sourced } from './sourced.js';

/** TLS towards a metastore; PEM texts that were read and found sound. */
export interface HiveTlsSettings {
  /** Authorities to trust, instead of the public ones. */
  readonly ca: string | undefined;
  /** The client's own certificate (and those between it and its authority), with its key. */
  readonly pair: { readonly cert: string; readonly key: Secret } | undefined;
  /** false: any certificate is accepted. */
  readonly verify: boolean;
  /** For messages. */
  readonly used: string;
}

const FILES = ['HIVE_METASTORE_CA_FILE', 'HIVE_METASTORE_CERT_FILE', 'HIVE_METASTORE_KEY_FILE'] as const;

/** undefined: no TLS. Throws `config` for files that cannot be used, or that are given while TLS is off. */
export function hiveTlsSettings(env: Env): HiveTlsSettings | undefined {
  const on = fromEnv(env, 'HIVE_METASTORE_TLS');
  const [ca, cert, key] = FILES.map((name) => fromEnv(env, name));
  const verify = fromEnv(env, 'HIVE_METASTORE_TLS_VERIFY');
  const verified = verify === undefined || trueOrFalse(verify);
  if (on === undefined || !trueOrFalse(on)) {
    const given = ca ?? cert ?? key;
    if (given === undefined) return undefined;
    throw new BcnError('config', `${given.origin} is set, but TLS to the Hive Metastore is off`, {
      hint: 'Set HIVE_METASTORE_TLS=true.',
    });
  }
  const pair = readPair(cert, key);
  const words = ['TLS', ca && `authority of ${ca.origin}`, pair && `certificate of ${cert?.origin}`];
  if (!verified) words.push('server not verified (HIVE_METASTORE_TLS_VERIFY)');
  return { ca: ca && readAuthority(ca).value, pair, verify: verified, used: words.filter(Boolean).join(', ') };
}

function readPair(cert: Sourced<string> | undefined, key: Sourced<string> | undefined): HiveTlsSettings['pair'] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    const [given, missing] = cert === undefined ? FILES.slice(1).reverse() : FILES.slice(1);
    throw new BcnError('config', `${given} is set, ${missing} is not`, {
      hint: 'A certificate needs its key: set both, which may be the same file.',
    });
  }
  const certificates = readAuthority(cert, 'the certificate of this client').value;
  const text = readKeyFile(key);
  if (!new X509Certificate(certificates).checkPrivateKey(parseKey(text, key))) {
    throw new BcnError('config', `The key of ${key.origin} does not belong to the certificate of ${cert.origin}`, {
      hint: `The first certificate of ${cert.value} must be the client's own.`,
    });
  }
  return { cert: certificates, key: new Secret(text) };
}

function readKeyFile({ value, origin }: Sourced<string>): string {
  try {
    return readFileSync(value, 'utf8');
  } catch (cause) {
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    throw new BcnError('config', `${origin}: ${value} cannot be read (${code})`, {
      hint: 'Give the path of a PEM file with the private key of this client.',
      cause,
    });
  }
}

/** The reason of a refusal stays out of the message: it may quote the key. */
function parseKey(text: string, { value, origin }: Sourced<string>): KeyObject {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw new BcnError('config', `${origin}: the key in ${value} has a passphrase`, {
      hint: 'bcn takes keys without one: openssl pkey -in FILE -out NEWFILE, readable by you alone.',
    });
  }
  try {
    return createPrivateKey(text);
  } catch {
    throw new BcnError('config', `${origin}: ${value} holds no PEM private key`, {
      hint: 'It must hold "-----BEGIN PRIVATE KEY-----" (or RSA, EC); a DER file is converted with: openssl pkey -inform der -in FILE',
    });
  }
}
