import { expect, vi } from 'vitest';
import { selectorOfCommitKey } from '../../../src/repository/keys.js';
import { MemoryService, MemoryStore } from '../../../src/storage/memory/memory-store.js';
import { someBytes, type TableWriter } from '../../support/table.js';
import { World } from '../../support/world.js';
import { type Action, DECISIVE, GRACE, type Start, type What } from './actions.js';
import { isExpected, Process, settle } from './process.js';
import { Watcher } from './watcher.js';

type Version = { readonly metadataLocation: string; readonly location: string };

/** A table and its states. It is never written, so that all histories share it. */
export interface Source {
  readonly source: MemoryService;
  readonly versions: readonly Version[];
}

export async function makeSource(): Promise<Source> {
  const source = new MemoryService();
  const store = new MemoryStore('src', { service: source });
  const of = (name: string) => ({ uri: `memory://${name}`, store });
  const world = await World.open({ places: { src: of('src'), repo: of('repo'), wh: of('wh') } });
  const table = await world.table();
  const versions: Version[] = [];
  const keep = ({ metadataLocation, location }: TableWriter) => versions.push({ metadataLocation, location });
  await table.append([someBytes('1', 40), someBytes('2', 40)]);
  keep(table);
  await table.append([someBytes('3', 40)]);
  keep(table);
  await table.overwrite((path) => path.endsWith('f-0.parquet'), [someBytes('4', 40)]);
  keep(table);
  return { source, versions };
}

/** A repository, its processes and the passing of time. */
export class Model {
  readonly processes: Process[] = [];
  readonly objects: ConstructorParameters<typeof Watcher>[0];
  readonly watcher: Watcher;
  readonly world: World;
  readonly ended = new Map<string, number>();
  clockError = 0;
  readonly #versions: readonly Version[];

  private constructor(world: World, store: MemoryStore, objects: Model['objects'], versions: readonly Version[]) {
    this.#versions = versions;
    this.world = world;
    this.objects = objects;
    this.watcher = new Watcher(objects, { store, prefix: '' }, GRACE);
  }

  /** `features`: of the repository. */
  static async open({ source, versions }: Source, features: readonly string[]): Promise<Model> {
    const service = new MemoryService();
    const objects = new Map();
    service.buckets.set('memory://repo', objects);
    service.buckets.set('memory://src', source.buckets.get('memory://src') as Map<string, never>);
    let model: Model | undefined;
    const clock = () => Date.now() + (model?.clockError ?? 0);
    const of = (name: string) => ({ uri: `memory://${name}`, store: new MemoryStore(name, { service, clock }) });
    const places = { src: of('src'), repo: of('repo'), wh: of('wh') };
    const world = await World.open({ places });
    model = new Model(world, places.repo.store, objects, versions);
    const record = { format: 1, id: 'f'.repeat(32), features, grace_ms: GRACE, created: 'x' };
    await places.repo.store.create('bcn.json', Buffer.from(JSON.stringify(record)));
    world.tables.set('db.t', versions[0] as Version);
    return model;
  }

  start({ what, name, seed }: Start): Process {
    const process = new Process(what, seed, this.watcher);
    const { world } = this;
    const work = {
      backup: () => world.backup({ name, jobs: 2 }, process),
      fresh: () => world.backup({ name, jobs: 2, fresh: true }, process),
      delete: () => world.delete(name, {}, process),
      undelete: () => world.undelete(name, {}, process),
      prune: () => world.prune({}, process),
    };
    process.start(work[what]());
    this.processes.push(process);
    return process;
  }

  async step(process: Process | undefined, n: number): Promise<void> {
    for (let i = 0; process && i < n && !process.ending; i++) {
      await settle();
      if (!process.step() && !process.ending) await settle();
    }
    await settle();
    this.reap();
  }

  /** Forgets the processes that are over. */
  reap(): void {
    for (const process of [...this.processes]) {
      const { ending } = process;
      if (!ending) continue;
      this.processes.splice(this.processes.indexOf(process), 1);
      if (!ending.ok && !isExpected(ending.error)) throw new Error(`${process.what} ended unexpectedly`, { cause: ending.error });
      const how = `${process.what} ${ending.ok ? 'ok' : ((ending.error as { code?: string }).code ?? 'killed')}`;
      this.ended.set(how, (this.ended.get(how) ?? 0) + 1);
    }
    this.assert();
  }

  assert(): void {
    if (this.watcher.violations.length > 0) throw new Error(this.watcher.violations.join('\n'));
  }

  async apply(action: Action): Promise<void> {
    const pick = (which: number) => this.processes[which % this.processes.length];
    const full = this.processes.length >= 4;
    if (action.do === 'start') {
      if (!full) this.start(action);
    } else if (action.do === 'step') await this.step(pick(action.which), action.n);
    else if (action.do === 'until') await this.until(pick(action.which), action.at);
    else if (action.do === 'race') {
      if (!full) await this.until(this.start(action.first), action.at);
      for (const { ms, ...one } of action.others) {
        await this.alone(one.what, one.name, one.seed);
        await vi.advanceTimersByTimeAsync(ms);
      }
    } else if (action.do === 'kill') pick(action.which)?.kill();
    else if (action.do === 'wait') await vi.advanceTimersByTimeAsync(action.ms);
    else if (action.do === 'clock') this.clockError = action.error;
    else this.world.tables.set('db.t', this.#versions[action.version] as Version);
    await settle();
    this.reap();
  }

  /** Lets a process on until it stops at a request of this kind. */
  async until(process: Process | undefined, at: number): Promise<void> {
    for (let i = 0; process && !process.ending && i < 200; i++) {
      await this.step(process, 1);
      if (DECISIVE[at]?.test(process.at)) break;
    }
  }

  async finish(): Promise<void> {
    for (const process of [...this.processes]) {
      for (let i = 0; !process.ending && i < 100; i++) await this.step(process, 100);
      if (!process.ending) throw new Error(`${process.what} does not come to an end`);
    }
    this.watcher.checkAll('at the end');
    this.assert();
    for (const { commit, key } of this.watcher.held.values()) {
      if (this.watcher.deletedSince(commit.id) === undefined)
        expect((await this.world.verify({ name: selectorOfCommitKey(key), readData: true })).problems).toEqual([]);
    }
    await this.alone('prune', 'a');
    for (const { key } of [...this.watcher.held.values()]) await this.alone('delete', selectorOfCommitKey(key));
    for (let i = 0; i < 2; i++) {
      await vi.advanceTimersByTimeAsync(2 * GRACE);
      await this.alone('prune', 'a');
    }
    expect([...this.objects.keys()]).toEqual(['bcn.json']);
  }

  /** A process from its start to its end, while all others stand still. */
  async alone(what: What, name: string, seed = 1): Promise<void> {
    const process = this.start({ what, name, seed });
    for (let i = 0; !process.ending && i < 100; i++) await this.step(process, 100);
  }
}
