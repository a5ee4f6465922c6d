import { expect, vi } from 'vitest';
import { copy } from '../../../src/copy/copy.js';
import { isCode } from '../../../src/errors.js';
import { selectorOfCommitKey } from '../../../src/repository/keys.js';
import { MemoryService, MemoryStore } from '../../../src/storage/memory/memory-store.js';
import { someBytes, type TableWriter } from '../../support/table.js';
import { World } from '../../support/world.js';
import { type Action, DECISIVE, GRACE, SIDES, type Side, type Start } from './actions.js';
import { isExpected, Process, settle, type Watch } from './process.js';
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

/** One repository: what lies in it, who watches it, and a world whose commands work on it. */
interface Repository {
  readonly objects: ConstructorParameters<typeof Watcher>[0];
  readonly watcher: Watcher;
  readonly world: World;
}

/** Two repositories, their processes and the passing of time. */
export class Model {
  readonly processes: Process[] = [];
  readonly sides: Readonly<Record<Side, Repository>>;
  readonly ended = new Map<string, number>();
  clockError = 0;
  readonly #versions: readonly Version[];
  readonly #watch: Watch;

  private constructor(sides: Model['sides'], versions: readonly Version[]) {
    this.#versions = versions;
    this.sides = sides;
    const watchers = SIDES.map((side) => sides[side].watcher);
    this.#watch = {
      before: (...request) => {
        for (const watcher of watchers) watcher.before(...request);
      },
      after: async (...request) => {
        for (const watcher of watchers) await watcher.after(...request);
      },
    };
  }

  /** `features`: of the repositories. */
  static async open({ source, versions }: Source, features: Readonly<Record<Side, readonly string[]>>): Promise<Model> {
    const service = new MemoryService();
    service.buckets.set('memory://src', source.buckets.get('memory://src') as Map<string, never>);
    let model: Model | undefined;
    const clock = () => Date.now() + (model?.clockError ?? 0);
    const of = (name: string) => ({ uri: `memory://${name}`, store: new MemoryStore(name, { service, clock }) });
    const open = async (side: Side): Promise<Repository> => {
      const objects = new Map();
      service.buckets.set(`memory://${side}`, objects);
      const places = { src: of('src'), repo: of(side), wh: of('wh') };
      const world = await World.open({ places });
      const id = side === 'repo' ? 'f' : 'e';
      const record = { format: 1, id: id.repeat(32), features: features[side], grace_ms: GRACE, created: 'x' };
      await places.repo.store.create('bcn.json', Buffer.from(JSON.stringify(record)));
      world.tables.set('db.t', versions[0] as Version);
      return { objects, watcher: new Watcher(objects, { store: places.repo.store, prefix: '' }, GRACE), world };
    };
    model = new Model({ repo: await open('repo'), mirror: await open('mirror') }, versions);
    return model;
  }

  start({ what, side, name, seed }: Start): Process {
    const process = new Process(what, seed, this.#watch);
    const { world } = this.sides[side];
    const work = {
      backup: () => world.backup({ name, jobs: 2 }, process),
      fresh: () => world.backup({ name, jobs: 2, fresh: true }, process),
      delete: () => world.delete(name, {}, process),
      undelete: () => world.undelete(name, {}, process),
      prune: () => world.prune({}, process),
      copy: () => this.#copy(side, [name], process),
      mirror: () => this.#copy(side, [], process),
    };
    process.start(work[what]());
    this.processes.push(process);
    return process;
  }

  async #copy(side: Side, names: readonly string[], process: Process): Promise<void> {
    const { repo, mirror } = this.sides;
    const [from, to] = side === 'repo' ? [repo, mirror] : [mirror, repo];
    const report = { progress: () => {}, warn: () => {}, info: () => {} };
    const deps = { from: from.world.place(process), to: to.world.place(process), report };
    const options = { names, filter: {}, jobs: 2, dryRun: false, tmpDir: from.world.tmpDir };
    for (const { outcome, error } of (await copy(deps, options)).backups) {
      if (error && !this.#isExpected(error)) throw error;
      if (outcome === 'copied') this.#count('copied');
    }
  }

  /** A copy may meet a backup that is taken from under it: then the object is gone indeed, and no backup needs it. */
  #isExpected(error: unknown): boolean {
    if (isExpected(error)) return true;
    if (!isCode(error, 'corrupt')) return false;
    return SIDES.some((side) => {
      const { objects, watcher } = this.sides[side];
      const key = error.object?.startsWith(`memory://${side}/`) && error.object.slice(`memory://${side}/`.length);
      return key && !objects.has(key) && ![...watcher.held.values()].some(({ needs }) => needs.has(key));
    });
  }

  #count(how: string): void {
    this.ended.set(how, (this.ended.get(how) ?? 0) + 1);
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
      if (!ending.ok && !this.#isExpected(ending.error))
        throw new Error(`${process.what} ended unexpectedly`, { cause: ending.error });
      this.#count(`${process.what} ${ending.ok ? 'ok' : ((ending.error as { code?: string }).code ?? 'killed')}`);
    }
    this.assert();
  }

  assert(): void {
    const violations = SIDES.flatMap((side) => this.sides[side].watcher.violations.map((what) => `${side}: ${what}`));
    if (violations.length > 0) throw new Error(violations.join('\n'));
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
        await this.alone(one);
        await vi.advanceTimersByTimeAsync(ms);
      }
    } else if (action.do === 'kill') pick(action.which)?.kill();
    else if (action.do === 'wait') await vi.advanceTimersByTimeAsync(action.ms);
    else if (action.do === 'clock') this.clockError = action.error;
    else for (const side of SIDES) this.sides[side].world.tables.set('db.t', this.#versions[action.version] as Version);
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
    for (const side of SIDES) await this.#finish(side);
  }

  async #finish(side: Side): Promise<void> {
    const { objects, watcher, world } = this.sides[side];
    if (objects.size === 1) return;
    watcher.checkAll('at the end');
    this.assert();
    for (const { commit, key } of watcher.held.values()) {
      if (watcher.deletedSince(commit.id) === undefined)
        expect((await world.verify({ name: selectorOfCommitKey(key), readData: true })).problems).toEqual([]);
    }
    await this.alone({ what: 'prune', side });
    for (const { key } of [...watcher.held.values()]) await this.alone({ what: 'delete', side, name: selectorOfCommitKey(key) });
    for (let i = 0; i < 2; i++) {
      await vi.advanceTimersByTimeAsync(2 * GRACE);
      await this.alone({ what: 'prune', side });
    }
    expect([...objects.keys()]).toEqual(['bcn.json']);
  }

  /** A process from its start to its end, while all others stand still. */
  async alone({ side = 'repo', name = 'a', seed = 1, ...rest }: Partial<Start> & Pick<Start, 'what'>): Promise<void> {
    const process = this.start({ side, name, seed, ...rest });
    for (let i = 0; !process.ending && i < 100; i++) await this.step(process, 100);
  }
}
