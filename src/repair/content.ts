import { isCode } from '../errors.js';
import { concretePath } from '../iceberg/paths.js';
import { parallel } from '../parallel.js';
import type { InventoryFile } from '../repository/inventory.js';
import { dataKey, hashedDataKey } from '../repository/keys.js';
import { transfer } from '../storage/transfer.js';
import type { RootedTable } from '../verify/context.js';
import { checkDeletes } from '../verify/deletes.js';
import { readContent } from '../verify/read.js';
import type { MendContext } from './root.js';

/** Copies content files from the source again, each once however many sections name it. */
export class ContentMender {
  readonly #context: MendContext;
  /** By the key that is damaged, or by the URI of a file whose key was lost; null = the source does not have it. */
  readonly #brought = new Map<string, Promise<InventoryFile | null>>();

  constructor(context: MendContext) {
    this.#context = context;
  }

  /**
   * These files with new keys for those that are damaged and could be brought again; undefined when none was. `all`: their section was lost, so that none of their keys is known, and
   * the section is of use only when all of them can be.
   */
  async bring(
    files: readonly InventoryFile[],
    { table, mode }: RootedTable,
    all: boolean,
  ): Promise<readonly InventoryFile[] | undefined> {
    const { damaged, jobs } = this.#context;
    if (mode === 'reference') return all && files.length > 0 ? files : undefined;
    const isWanted = ({ key }: InventoryFile) => all || (key !== null && damaged.content.has(key));
    if (!files.some(isWanted)) return undefined;
    const result: InventoryFile[] = [];
    let some = false;
    const one = async (file: InventoryFile) => (isWanted(file) ? this.#bringOnce(file, table.location) : file);
    let index = 0;
    for await (const found of parallel(files, one, jobs)) {
      const file = files[index++] as InventoryFile;
      if (!found && all) return undefined;
      some ||= found !== null && found !== file;
      result.push(found ?? file);
    }
    return some ? result : undefined;
  }

  async #bringOnce(file: InventoryFile, location: string): Promise<InventoryFile | null> {
    const uri = concretePath(file.path, location);
    const id = `${file.key ?? ''}\n${uri}`;
    const known = this.#brought.get(id) ?? this.#copy(file, uri);
    this.#brought.set(id, known);
    const found = await known;
    return found && { ...file, key: found.key, sum: found.sum, etag: found.etag };
  }

  async #copy(file: InventoryFile, uri: string): Promise<InventoryFile | null> {
    const { deps, run, brought, call } = this.#context;
    const { store, prefix } = deps.repository;
    const put = async (key: string) => {
      const { sum, etag, date } = await transfer(
        { ...deps.source.resolve(uri), size: file.size },
        { store, key: prefix + key },
        call,
      );
      run.lease.touch(date);
      return { ...file, key, sum: file.sum ?? sum ?? null, etag: etag ?? null };
    };
    try {
      const copied = await put(dataKey(run.id, uri, prefix.length)).catch((error: unknown) => {
        if (isCode(error, 'name-conflict')) return put(hashedDataKey(run.id, uri));
        throw error;
      });
      // The source may hold other bytes under that name by now: what was recorded decides.
      const at = { store, key: prefix + copied.key };
      const wrong = (await readContent(at, file, call)).message ?? (await checkDeletes(at, file, call));
      if (wrong === undefined) {
        brought.files++;
        brought.bytes += file.size;
        return copied;
      }
      deps.report.warn(`${uri} cannot mend the backup: it holds other bytes by now`, { object: uri });
    } catch (error) {
      if (!isCode(error, 'object-not-found', 'bucket-not-found', 'corrupt', 'object-archived')) throw error;
      deps.report.warn(`${uri} cannot mend the backup: ${error.message}`, { object: uri });
    }
    return null;
  }
}
