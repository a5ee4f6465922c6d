import { isCode } from '../errors.js';
import { rewritePositionDeletes } from '../iceberg/deletes/rewrite.js';
import { rewritePuffin } from '../iceberg/puffin/rewrite-file.js';
import type { InventoryFile } from '../repository/inventory.js';
import type { CallOptions, ResolvedObject } from '../storage/port.js';
import { readRange } from '../storage/read-range.js';

/** Writes a delete file anew, to nowhere, as a restore does. Returns why that cannot be done; undefined when it can, or need not. */
export async function checkDeletes(
  { store, key }: ResolvedObject,
  { path, size, deletes }: InventoryFile,
  call: CallOptions,
): Promise<string | undefined> {
  if (deletes === undefined) return undefined;
  const read = (start: number, end: number) => readRange(store, key, start, end, call);
  const file = { name: `${store.uri}/${key}`, size, read };
  const same = (dataFile: string) => dataFile;
  try {
    const bytes =
      deletes === 'puffin' ? rewritePuffin(file, same, call.signal) : rewritePositionDeletes(file, { path: same }, call.signal);
    for await (const _ of bytes);
    return undefined;
  } catch (error) {
    if (!isCode(error, 'corrupt', 'unsupported', 'object-not-found')) throw error;
    return `The delete file of ${path} cannot be written anew: ${error.message}`;
  }
}
