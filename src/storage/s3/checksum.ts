import type { Checksum } from '../port.js';
import type { Headers } from './clients.js';

/** The checksum members of S3's answers. */
export interface S3Checksums {
  readonly ChecksumSHA256?: string | undefined;
  readonly ChecksumCRC64NVME?: string | undefined;
  readonly ChecksumCRC32C?: string | undefined;
  readonly ChecksumCRC32?: string | undefined;
  readonly ChecksumType?: string | undefined;
}

const ALGORITHMS = [
  { alg: 'sha256', member: 'ChecksumSHA256', header: 'x-amz-checksum-sha256', bytes: 32 },
  { alg: 'crc64nvme', member: 'ChecksumCRC64NVME', header: 'x-amz-checksum-crc64nvme', bytes: 8 },
  { alg: 'crc32c', member: 'ChecksumCRC32C', header: 'x-amz-checksum-crc32c', bytes: 4 },
  { alg: 'crc32', member: 'ChecksumCRC32', header: 'x-amz-checksum-crc32', bytes: 4 },
] as const;

/**
 * The strongest checksum in an answer's body or, as MinIO does it, in its headers; undefined where there is none.
 * S3 writes composite ones as `<base64>-<parts>`: the count is dropped, `partSize` says the same and more.
 */
export function checksumOf(output: S3Checksums | undefined, headers: Headers, partSize?: number): Checksum | undefined {
  for (const { alg, member, header, bytes } of ALGORITHMS) {
    const text = output?.[member] ?? headers[header];
    const match = /^([A-Za-z0-9+/]+={0,2})(-\d+)?$/.exec(text ?? '');
    if (!match) continue;
    const value = match[1] as string;
    if (Buffer.from(value, 'base64').length !== bytes) continue;
    const composite = match[2] !== undefined || (output?.ChecksumType ?? headers['x-amz-checksum-type']) === 'COMPOSITE';
    if (!composite) return { alg, value, kind: 'full' };
    return { alg, value, kind: 'composite', ...(partSize === undefined ? {} : { partSize }) };
  }
  return undefined;
}
