import { BcnError } from '../../errors.js';
import { describeOrigin, endpointName, type S3Config, variableOf } from './config.js';
import type { S3Request } from './errors.js';
import { type Failure, isConsole } from './failure.js';

/** The error of a request that a setting sent to the wrong place or in the wrong way. Undefined for other failures. */
export function settingError(failure: Failure, request: S3Request, config: S3Config, cause: unknown): BcnError | undefined {
  const said =
    region(failure, request, config) ??
    redirect(failure, config) ??
    tls(failure, config) ??
    keeping(failure, config) ??
    other(failure, request, config);
  return said && new BcnError('config', said.what, { object: request.object, cause, hint: said.hint });
}

interface Said {
  readonly what: string;
  readonly hint: string;
}

const WRONG_REGION = new Set(['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException']);

function region({ code, status, region: right, operation }: Failure, request: S3Request, config: S3Config): Said | undefined {
  if (!WRONG_REGION.has(code) && (status !== 301 || right === undefined)) return undefined;
  const { object, source } = request;
  // A copy's source is only asked for by a GET; all else of it goes to the target.
  const where = operation === 'GetObject' ? (source ?? object) : object;
  const variable = variableOf(config, 'REGION');
  return {
    what: `The bucket of ${where} is not in the region ${config.region ?? 'that was used'} of ${endpointName(config)}.`,
    hint: right
      ? `Its region is ${right}: set ${variable}=${right}${config.endpoint?.includes('.amazonaws.com') ? ', and the endpoint of that region' : ''}.`
      : `Set ${variable} to the region of the bucket, and the endpoint to match.`,
  };
}

/** A redirect of a web server or proxy, most often from http:// to https://. */
function redirect({ status, location }: Failure, config: S3Config): Said | undefined {
  if (![301, 302, 303, 307, 308].includes(status ?? 0) || location === undefined || !URL.canParse(location)) return undefined;
  const { origin } = new URL(location);
  return {
    what: `${endpointName(config)} sends its callers on to ${origin}.`,
    hint: `If that is the S3 service, set ${variableOf(config, 'ENDPOINT')}=${origin}.`,
  };
}

const TLS = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH$)/;
/** A connection that was trusted and then broke: no setting mends that. */
const BROKEN_TLS = /BAD_RECORD_MAC|DECRYPTION_FAILED|UNEXPECTED_EOF/;
const NO_TLS = /wrong version number|packet length too long/i;

function tls({ code, status, message }: Failure, config: S3Config): Said | undefined {
  const { endpoint = '' } = config;
  // A TLS port answers plain HTTP with 400 and a few words that are no S3 error.
  if (status === 400 && code === '' && endpoint.startsWith('http:')) {
    return {
      what: `${endpoint} does not answer as an S3 service: ${message.split('\n', 1)[0]}`,
      hint: `If it speaks TLS, write https:// in ${variableOf(config, 'ENDPOINT')}.`,
    };
  }
  if ((!TLS.test(code) || BROKEN_TLS.test(code)) && !NO_TLS.test(message)) return undefined;
  return { what: `No trusted TLS connection to ${endpointName(config)}: ${message}`, hint: tlsHint(code, message, config) };
}

function tlsHint(code: string, message: string, config: S3Config): string {
  const file = variableOf(config, 'CA_FILE');
  if (NO_TLS.test(message)) return `Check http:// and https:// in ${variableOf(config, 'ENDPOINT')}.`;
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return 'Check the time of this machine; else the service needs a new certificate.';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const style = config.forcePathStyle === false ? `, or set ${variableOf(config, 'PATH_STYLE')}=true` : '';
    return `Use a name in ${variableOf(config, 'ENDPOINT')} that its certificate holds${style}.`;
  }
  const authority = 'a PEM file with the certificate of the authority behind it';
  return config.authority === undefined
    ? `For a private authority set ${file} to ${authority}.`
    : `The authorities of ${file} did not issue its certificate: set it to ${authority}.`;
}

/** How the object was to be kept. */
function keeping({ code, message }: Failure, config: S3Config): Said | undefined {
  const { storageClass, kmsKey } = config;
  if (storageClass !== undefined && code === 'InvalidStorageClass')
    return {
      what: `${endpointName(config)} knows no storage class ${storageClass}.`,
      hint: `Check ${variableOf(config, 'STORAGE_CLASS')} or --storage-class.`,
    };
  if (kmsKey !== undefined && (/^kms/i.test(code) || /\bKMS\b/.test(message)))
    return {
      what: `${endpointName(config)} cannot encrypt with the KMS key ${kmsKey}: ${message}`,
      hint: `Check ${variableOf(config, 'SSE_KMS_KEY_ID')} or --sse-kms-key-id.`,
    };
  return undefined;
}

function other({ code, message }: Failure, { bucket }: S3Request, config: S3Config): Said | undefined {
  if (/region is missing/i.test(message))
    return { what: 'No region is set for AWS S3.', hint: `Set ${variableOf(config, 'REGION')}.` };
  if (code === 'InvalidBucketName')
    return { what: `${bucket} is no valid bucket name.`, hint: 'Check BACKUP_BUCKET and the table location.' };
  if (code === 'ERR_INVALID_URL' || code === 'EndpointError')
    return { what: `${endpointName(config)} is no address.`, hint: 'Write http://host:port or https://host.' };
  if (code === 'ERR_INVALID_CHAR')
    return {
      what: `The credentials for ${endpointName(config)} hold a line break or another character that no request can carry.`,
      hint: `Check the access key and the session token. Used: ${describeOrigin(config)}.`,
    };
  if (isConsole(message))
    return {
      what: `${endpointName(config)} is a console, not an S3 endpoint.`,
      hint: `Use its API port in ${variableOf(config, 'ENDPOINT')}.`,
    };
  return undefined;
}
