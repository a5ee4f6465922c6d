/** A backup in memory, restored with a real catalog into a real store: what a refusal before the first copy leaves can be counted. */
import { backup } from '../../src/backup/backup.js';

import type { Catalog, CatalogEntry, TableIdent } from '../../src/catalog/port.js';
import { abortRestore } from '../../src/restore/abort.js';
import type { RestoreOptions, RestoreResult } from '../../src/restore/options.js';
import { restore } from '../../src/restore/restore.js';
import type { ObjectStore } from '../../src/storage/port.js';
import { Stores } from '../../src/storage/resolver.js';
import { MemoryCatalog } from '../support/catalog.js';
import { Faults, ProcessStore } from '../support/faults.js';
import { someBytes, type TableOptions } from '../support/table.js';
import { IDENT, World } from '../support/world.js';

/** Its tables came out of folders: nothing of an entry is carried over. */
class Folders extends MemoryCatalog {
  override async load(ident: TableIdent): Promise<CatalogEntry> {
    return { ...(await super.load(ident)), raw: { type: 'path' } };
  }
}

type Options = Partial<RestoreOptions> & Pick<RestoreOptions, 'target' | 'targetLocation'>;

export class RealTarget {
  readonly world: World;
  readonly #catalog: Catalog;
  readonly #open: (bucket: string) => ObjectStore;

  constructor(world: World, catalog: Catalog, open: (bucket: string) => ObjectStore) {
    this.world = world;
    this.#catalog = catalog;
    this.#open = open;
  }

  /** With a backup `b` of a table of two files. `open`: a bucket of the target. */
  static async with(options: TableOptions, catalog: Catalog, open: (bucket: string) => ObjectStore): Promise<RealTarget> {
    const world = await World.open();
    const table = await world.table(options);
    await table.append([someBytes('1'), someBytes('2')]);
    world.publish(table);
    const real = new RealTarget(world, catalog, open);
    const deps = { ...real.#deps(new Faults()), catalog: new Folders(world.tables, new Faults()) };
    await backup(deps, { tables: [IDENT], name: 'b', mode: 'copy', jobs: 2, dryRun: false, tmpDir: world.tmpDir });
    return real;
  }

  restore(options: Options, faults = new Faults()): Promise<RestoreResult> {
    return restore(this.#deps(faults), { ...this.#defaults(), ...options });
  }

  abort(options: Options): Promise<{ readonly objects: number }> {
    return abortRestore(this.#deps(new Faults()), { ...this.#defaults(), ...options });
  }

  #deps(faults: Faults) {
    const { world } = this;
    const memory = new Stores({ memory: (bucket) => new ProcessStore(world.store(bucket as 'src'), faults) });
    const target = new Stores({ s3: (bucket) => new ProcessStore(this.#open(bucket), faults) });
    const note = (text: string) => void world.notes.push(text);
    return {
      catalog: this.#catalog,
      repository: world.place(faults),
      source: memory,
      target,
      report: { progress: () => {}, warn: note, info: note },
    };
  }

  #defaults() {
    const { tmpDir } = this.world;
    return { backupName: 'b', warehouseBucket: 'unused', keepUuid: false, jobs: 2, dryRun: false, tmpDir };
  }
}
