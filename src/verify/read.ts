import { isCode } from '../errors.js';
import { isComputable, Summer } from '../repository/checksum.js';
import type { InventoryFile } from '../repository/inventory.js';
import type { CallOptions, ResolvedObject } from '../storage/port.js';

/** Reads a content file and compares its length and its checksum, where the backup has one. `message`: what is wrong with it. */
export async function readContent(
  { store, key }: ResolvedObject,
  { path, size, sum }: Pick<InventoryFile, 'path' | 'size' | 'sum'>,
  call: CallOptions,
): Promise<{ readonly bytes: number; readonly message?: string }> {
  let bytes = 0;
  const summer = isComputable(sum) ? await Summer.open(sum) : undefined;
  try {
    for await (const chunk of (await store.read(key, call)) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      summer?.update(chunk);
    }
  } catch (error) {
    if (!isCode(error, 'object-not-found', 'corrupt', 'object-archived')) throw error;
    return { bytes, message: error.message };
  }
  if (bytes !== size) return { bytes, message: `The content file of ${path} gave ${bytes} bytes instead of ${size}` };
  if (summer && summer.digest() !== sum?.value)
    return { bytes, message: `The content file of ${path} has another ${sum?.alg} than the backup recorded` };
  return { bytes };
}
