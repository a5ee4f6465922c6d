import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BcnError } from '../errors.js';
import { type Sourced, sourced } from './sourced.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * The certificates of a PEM file of private authorities, as PEM text without what else is in the file (comments, keys).
 * Throws `config` for a file that cannot be read, holds none, or holds a damaged one. `what` the file should hold, for the hint.
 */
export function readAuthority(file: Sourced<string>, what = 'the certificate of the authority'): Sourced<string> {
  let text: string;
  try {
    text = readFileSync(file.value, 'utf8');
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new BcnError('config', `${file.origin}: ${file.value} cannot be read (${code})`, {
      hint: `Give the path of a PEM file with ${what}.`,
      cause: error,
    });
  }
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) {
    throw new BcnError('config', `${file.origin}: ${file.value} holds no PEM certificate`, {
      hint: 'It must hold "-----BEGIN CERTIFICATE-----"; a DER file is converted with: openssl x509 -inform der -in FILE',
    });
  }
  for (const [index, certificate] of certificates.entries()) check(certificate, index + 1, file);
  return sourced(`${certificates.join('\n')}\n`, file.origin);
}

function check(certificate: string, number: number, file: Sourced<string>): void {
  try {
    new X509Certificate(certificate);
  } catch (error) {
    throw new BcnError('config', `${file.origin}: certificate ${number} of ${file.value} is damaged`, {
      hint: 'Export it again.',
      cause: error,
    });
  }
}
