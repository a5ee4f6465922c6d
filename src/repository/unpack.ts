import { gunzipSync } from 'node:zlib';

/** As much as one string holds; nobody's ROOT or section is near it. */
const MAX_BYTES = 2 ** 29 - 24;

/** The text of a gzipped object of the repository. Throws what zlib throws, also for more than 512 MiB: a small object could otherwise fill the memory. */
export function unpack(bytes: Buffer): string {
  return gunzipSync(bytes, { maxOutputLength: MAX_BYTES }).toString('utf8');
}
