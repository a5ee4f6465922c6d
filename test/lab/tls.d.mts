/** PEM texts. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** PEM of its own certificate. */
  readonly cert: string;
  /** A key pair for a server of these DNS names (a leading `*.` is a wildcard) and IPv4 addresses. Times in ms. */
  issue(names: readonly string[], validity?: { readonly notBefore?: number; readonly notAfter?: number }): KeyPair;
}

export function makeAuthority(name?: string): Authority;
