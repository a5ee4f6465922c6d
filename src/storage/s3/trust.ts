import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/**
 * TLS that trusts these authorities (PEM) beside all that Node trusts anyway. Node's own option `ca` replaces instead: its built-in list, the
 * system's (`--use-openssl-ca`, as distributions build it) and NODE_EXTRA_CA_CERTS would all be gone.
 */
export function trusting(authority: string): SecureContext {
  const secure = createSecureContext();
  // What `ca` itself calls for each certificate; here the context still has its default roots, and gets its own copy of them.
  const native = secure.context as { addCACert?: (pem: string) => void };
  const extra = extraCertificates();
  if (native.addCACert === undefined) return createSecureContext({ ca: [...rootCertificates, ...extra, authority] });
  for (const pem of [...extra, authority]) native.addCACert(pem);
  return secure;
}

/** Node 20 leaves these out of that copy. It overlooks a file that it cannot read, and so does this. */
function extraCertificates(): readonly string[] {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  try {
    return file ? [readFileSync(file, 'utf8')] : [];
  } catch {
    return [];
  }
}
