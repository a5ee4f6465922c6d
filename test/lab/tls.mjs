/** A private certificate authority, made in memory with nothing but Node: X.509 version 3 (RFC 5280), ECDSA on P-256 with SHA-256. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

const DAY = 86_400_000;

/** DER: a tag, the length, the content. */
function der(tag, ...content) {
  const bytes = Buffer.concat(content);
  const { length } = bytes;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), bytes]);
}

const sequence = (...content) => der(0x30, ...content);
const oid = (...bytes) => der(0x06, Buffer.from(bytes));
const bits = (unused, bytes) => der(0x03, Buffer.from([unused]), bytes);
const TRUE = Buffer.from([0x01, 0x01, 0xff]);
const keyId = (publicKey) =>
  createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();

const ECDSA_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const extension = (id, critical, value) => sequence(oid(0x55, 0x1d, id), ...(critical ? [TRUE] : []), der(0x04, value));
const basicConstraints = (ca) => extension(0x13, true, sequence(...(ca ? [TRUE] : [])));
/** keyCertSign and cRLSign, or digitalSignature. */
const keyUsage = (ca) => extension(0x0f, true, ca ? bits(1, Buffer.from([0x06])) : bits(7, Buffer.from([0x80])));
const subjectKey = (publicKey) => extension(0x0e, false, der(0x04, keyId(publicKey)));
const authorityKey = (publicKey) => extension(0x23, false, sequence(der(0x80, keyId(publicKey))));
const SERVER_AUTH = extension(0x25, false, sequence(oid(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01)));

function subjectAltName(names) {
  const entries = names.map((name) =>
    isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name, 'ascii')),
  );
  return extension(0x11, false, sequence(...entries));
}

function commonName(text) {
  return sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(text)))));
}

function time(ms) {
  // UTCTime, which holds years up to 2049.
  return der(
    0x17,
    Buffer.from(
      new Date(ms)
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(2),
    ),
  );
}

function pem(label, bytes) {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

function certificate({ subject, publicKey, issuer, issuerKeys, notBefore, notAfter, extensions }) {
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_SHA256,
    commonName(issuer),
    sequence(time(notBefore), time(notAfter)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(subjectKey(publicKey), authorityKey(issuerKeys.publicKey), ...extensions)),
  );
  return pem('CERTIFICATE', sequence(body, ECDSA_SHA256, bits(0, sign('sha256', body, issuerKeys.privateKey))));
}

/**
 * A new authority.
 * @param {string} [name]
 */
export function makeAuthority(name = 'bcn lab authority') {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  const issued = { issuer: name, issuerKeys: own };
  const cert = certificate({
    ...issued,
    subject: name,
    publicKey: own.publicKey,
    notBefore: now - DAY,
    notAfter: now + 3650 * DAY,
    extensions: [basicConstraints(true), keyUsage(true)],
  });
  /** A key pair for a server of these DNS names (a leading `*.` is a wildcard) and IPv4 addresses. */
  const issue = (names, { notBefore = now - DAY, notAfter = now + 3650 * DAY } = {}) => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const extensions = [basicConstraints(false), keyUsage(false), SERVER_AUTH, subjectAltName(names)];
    return {
      cert: certificate({ ...issued, subject: names[0] ?? 'nobody', publicKey, notBefore, notAfter, extensions }),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    };
  };
  return { cert, issue };
}
