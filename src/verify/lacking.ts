import type { InventoryFile } from '../repository/inventory.js';
import { placeUri } from '../repository/place.js';
import { groups } from '../spill/join.js';
import { type Keyed, Sorter } from '../spill/sorter.js';
import type { CheckContext, RootedTable } from './context.js';

/** Files that backups record as missing from their sources: what the record says of them and what the inventory does must agree. */
export class Lacking {
  readonly #numbers: ReadonlyMap<RootedTable, number>;
  readonly #files: Sorter<Keyed & { readonly n: number; readonly size: number }>;

  constructor(tables: readonly RootedTable[], scratch: string) {
    this.#numbers = new Map(tables.map((table, n) => [table, n]));
    this.#files = new Sorter(scratch, 'lacking');
  }

  async add({ path, size }: InventoryFile, tables: readonly RootedTable[]): Promise<void> {
    for (const table of tables) {
      const n = this.#numbers.get(table) as number;
      await this.#files.add({ k: `${n}\n${path}`, n, size });
    }
  }

  /** How many there are in all tables, each once. */
  async check({ deps, findings }: CheckContext): Promise<{ readonly files: number; readonly bytes: number }> {
    const counted = [...this.#numbers.keys()].map(() => ({ files: 0, bytes: 0 }));
    for await (const [first] of groups(this.#files.sorted())) {
      const amount = counted[first?.n ?? 0] as { files: number; bytes: number };
      amount.files++;
      amount.bytes += first?.size ?? 0;
    }
    const all = { files: 0, bytes: 0 };
    for (const [{ table, owners }, n] of this.#numbers) {
      const found = counted[n] as { files: number; bytes: number };
      const recorded = table.missing ?? { files: 0, bytes: 0 };
      all.files += found.files;
      all.bytes += found.bytes;
      if (found.files === recorded.files && found.bytes === recorded.bytes) continue;
      const { key } = table.root;
      const message = `The inventory marks ${found.files} files of ${found.bytes} bytes as missing; the record says ${recorded.files} of ${recorded.bytes}`;
      await findings.add({ part: 'root', key, object: `${placeUri(deps.repository)}/${key}`, message }, owners);
    }
    await this.#files.dispose();
    return all;
  }
}
