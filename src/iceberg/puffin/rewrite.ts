import { respell } from '../json/respell.js';
import { type Splice, splice } from '../json/splice.js';
import { decodeString } from '../json/text.js';
import { cannotHandle } from './errors.js';
import type { PuffinFooter } from './footer.js';
import { FOOTER_FRAME, MAGIC, MAX_PAYLOAD } from './locate.js';

const LONE_SURROGATE = /\p{Surrogate}/u;

/** The new end of a Puffin file. */
export interface RewrittenFooter {
  /** Takes the place of the old footer: the new file is bytes [0, footer.start) of the old one, then these. */
  readonly bytes: Buffer;
  /** Bytes of the whole new file. */
  readonly size: number;
  /** False when no path changed; then `bytes` is the old footer, packed or not. */
  readonly changed: boolean;
}

/**
 * A footer whose deletion vectors name other data files. Only the changed beginnings of these paths are replaced: every other
 * byte of the JSON is copied. A packed footer is written back plain, since not every reader unpacks (pyiceberg 0.12 does not).
 * Blobs stay where they are, so offsets and lengths stay true.
 *
 * @param path the new path of a data file; what it throws is passed on
 * @throws BcnError `unsupported` when a path that must change holds a lone surrogate, which no object key can, or the footer becomes too large
 */
export function rewriteFooter(footer: PuffinFooter, path: (dataFile: string) => string): RewrittenFooter {
  const { json, name } = footer;
  const splices: Splice[] = [];
  for (const span of footer.references) {
    const from = decodeString(json, span);
    const to = path(from);
    if (from === to) continue;
    for (const text of [from, to])
      if (LONE_SURROGATE.test(text))
        throw cannotHandle(`the path ${JSON.stringify(text)} holds half of a surrogate pair`).withContext({ object: name });
    splices.push(respell(json, span, from, to, () => undefined).splice);
  }
  if (splices.length === 0) return { bytes: footer.bytes, size: footer.size, changed: false };
  const payload = splice(json, splices);
  if (payload.length > MAX_PAYLOAD)
    throw cannotHandle(`with the new paths its footer has more than ${MAX_PAYLOAD} bytes`).withContext({ object: name });
  const bytes = Buffer.alloc(FOOTER_FRAME + payload.length);
  MAGIC.copy(bytes);
  payload.copy(bytes, MAGIC.length);
  bytes.writeInt32LE(payload.length, MAGIC.length + payload.length);
  MAGIC.copy(bytes, bytes.length - MAGIC.length);
  return { bytes, size: footer.start + bytes.length, changed: true };
}
