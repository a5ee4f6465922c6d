import { BcnError, isCode } from '../errors.js';

/** Where a URI of Iceberg metadata points: a store (scheme and bucket) and a key in it. */
export interface Location {
  /** `s3a` and `s3n` are Hadoop's names for `s3`. */
  readonly scheme: 's3' | 'file' | 'memory';
  /** Bucket of S3, name of a memory store, '' for files. */
  readonly bucket: string;
  /** Everything behind the '/' that ends the bucket, byte for byte; may be empty. */
  readonly key: string;
}

const SCHEMES: Readonly<Record<string, Location['scheme']>> = { s3: 's3', s3a: 's3', s3n: 's3', file: 'file', memory: 'memory' };

/**
 * Splits a URI or path as Iceberg metadata spells it: `s3://bucket/key` (also `s3a`, `s3n`), `file:///x`, `file:/x`, `/x`,
 * `memory://name/key`. The key is never decoded or normalised: `%20`, `#`, `?` and `//` are what Iceberg's own FileIOs treat
 * as plain characters, and a URL parser would change them.
 * Throws `config` for another scheme, a relative path or a missing bucket.
 */
export function parseLocation(uri: string): Location {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(uri);
  if (!match) {
    if (uri.startsWith('/')) return { scheme: 'file', bucket: '', key: uri.slice(1) };
    throw refused(uri, 'has neither a scheme nor a leading /', 'Give an s3:// or file:// URI, or an absolute path.');
  }
  const name = match[1] as string;
  const rest = match[2] as string;
  const scheme = SCHEMES[name.toLowerCase()];
  if (!scheme) throw refused(uri, `has the scheme ${name}, which bcn cannot read`, 'bcn serves s3, s3a, s3n and file.');
  if (scheme === 'file') return { scheme, bucket: '', key: filePath(uri, rest) };
  if (!rest.startsWith('//')) throw refused(uri, `lacks // after ${name}:`, `Write ${name}://bucket/key.`);
  const slash = rest.indexOf('/', 2);
  const bucket = slash === -1 ? rest.slice(2) : rest.slice(2, slash);
  if (bucket === '') throw refused(uri, 'names no bucket', `Write ${name}://bucket/key.`);
  return { scheme, bucket, key: slash === -1 ? '' : rest.slice(slash + 1) };
}

/** The same, or undefined for a location that no store of bcn serves: metastores and metadata name hdfs:// and the like too. */
export function findLocation(uri: string): Location | undefined {
  try {
    return parseLocation(uri);
  } catch (error) {
    if (isCode(error, 'config')) return undefined;
    throw error;
  }
}

function filePath(uri: string, rest: string): string {
  if (rest.startsWith('//')) {
    const slash = rest.indexOf('/', 2);
    const host = slash === -1 ? rest.slice(2) : rest.slice(2, slash);
    if (host !== '' && host !== 'localhost') {
      throw refused(uri, `names a file on the host ${host}`, 'Write file:///path with three slashes for a local file.');
    }
    return slash === -1 ? '' : rest.slice(slash + 1);
  }
  if (rest.startsWith('/')) return rest.slice(1);
  throw refused(uri, 'is a relative path', 'Write file:///path with an absolute path.');
}

function refused(uri: string, what: string, hint: string): BcnError {
  return new BcnError('config', `The location "${uri}" ${what}.`, { object: uri, hint });
}

/**
 * Compares two strings by their UTF-8 bytes, which is how stores list keys; < 0, 0 or > 0.
 * JavaScript compares UTF-16 units, which puts characters beyond U+FFFF (surrogates) before U+E000 to U+FFFF.
 */
export function byteCompare(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return utf8Rank(x) - utf8Rank(y);
  }
  return a.length - b.length;
}

function utf8Rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
