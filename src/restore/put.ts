import { BcnError, isCode } from '../errors.js';
import type { Sorter } from '../spill/sorter.js';
import { createOnce } from '../storage/create-once.js';
import { findObject } from '../storage/find-object.js';
import { abortLeftovers } from '../storage/leftovers.js';
import type { CallOptions } from '../storage/port.js';
import type { TargetFile } from './content.js';
import type { Spot, TargetLayout } from './layout.js';
import type { Spooled } from './spool.js';

export interface PutContext {
  readonly layout: TargetLayout;
  /** Gets every object written, for the length check. */
  readonly expected: Sorter<TargetFile>;
  /** An earlier attempt may have left a part of an upload. */
  readonly resuming: boolean;
  readonly call: CallOptions;
}

/** Where a written file is, and how long. */
export interface Written {
  readonly uri: string;
  readonly length: number;
}

/** How many names are tried for a rewritten file when an earlier attempt left other bytes (another zlib) under the first ones. */
const VARIANTS = 8;

/** Creates a rewritten file; where an earlier attempt left other bytes it takes the next name, since a file may have been read by its name. */
export async function put(uri: string, content: Buffer | Spooled<unknown>, context: PutContext): Promise<Written> {
  const { layout, expected, resuming, call } = context;
  const length = Buffer.isBuffer(content) ? content.length : content.size;
  for (let variant = 0; ; variant++) {
    const spot = layout.spot(variantName(uri, variant));
    try {
      if (Buffer.isBuffer(content)) await createOnce(spot.store, spot.key, content, call);
      else if (content.bytes) await createOnce(spot.store, spot.key, content.bytes, call);
      else await uploadOnce(spot, content, resuming, call);
      await expected.add({ k: spot.k, size: length, path: spot.uri });
      return { uri: spot.uri, length };
    } catch (error) {
      if (!isCode(error, 'object-exists') || variant === VARIANTS) throw error;
    }
  }
}

/** As `createOnce`, for what is too large to be sent in one piece: the claim has to keep others away. */
async function uploadOnce(
  { store, key, k }: Spot,
  content: Spooled<unknown>,
  resuming: boolean,
  call: CallOptions,
): Promise<void> {
  const found = await findObject(store, key, call);
  if (!found) {
    if (resuming) await abortLeftovers(store, key, content.size, call);
    await store.upload(key, content.open(), content.size, call);
    return;
  }
  const same = found.size === content.size && (await equalStreams(await store.read(key, call), content.open()));
  if (!same) throw new BcnError('object-exists', `There is another object at ${k}`, { object: k });
}

async function equalStreams(a: AsyncIterable<Buffer>, b: AsyncIterable<Buffer>): Promise<boolean> {
  const other = b[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of a) {
    let at = 0;
    while (at < chunk.length) {
      if (rest.length === 0) {
        const next = await other.next();
        if (next.done) return false;
        rest = next.value;
      }
      const some = Math.min(rest.length, chunk.length - at);
      if (chunk.compare(rest, 0, some, at, at + some) !== 0) return false;
      rest = rest.subarray(some);
      at += some;
    }
  }
  return rest.length === 0 && (await other.next()).done === true;
}

/** `a/b.avro`, `a/b-r1.avro`, `a/b-r2.avro`, … */
function variantName(path: string, variant: number): string {
  if (variant === 0) return path;
  const dot = path.lastIndexOf('.');
  return dot > path.lastIndexOf('/') ? `${path.slice(0, dot)}-r${variant}${path.slice(dot)}` : `${path}-r${variant}`;
}

/** The name that a variant was made from, or the path itself. */
export const originalName = (path: string): string => path.replace(/-r\d+(\.[^./]*)?$/, '$1');
