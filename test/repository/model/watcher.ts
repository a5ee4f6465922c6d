import type { Buffer } from 'node:buffer';
import { type Commit, decodeCommit } from '../../../src/repository/commit.js';
import { readInventory } from '../../../src/repository/inventory.js';
import { hintKey, selectorOfCommitKey, tableKey } from '../../../src/repository/keys.js';
import { MOMENT_MS } from '../../../src/repository/moment.js';
import type { RepositoryPlace } from '../../../src/repository/place.js';
import { readRoot } from '../../../src/repository/root.js';
import type { Process, Watch } from './process.js';

interface Held {
  readonly commit: Commit;
  readonly key: string;
  /** Key → its bytes when the backup became visible. */
  readonly needs: ReadonlyMap<string, Buffer>;
}

interface Entry {
  readonly bytes: Buffer;
  readonly modified: number;
}

const COMMIT = /^backups\/[^/]+\.json$/;

/** Looks at the repository after every request and throws when an invariant of the format does not hold. */
export class Watcher implements Watch {
  /** By backup id; also of backups that are deleted, until their COMMIT is removed. */
  readonly held = new Map<string, Held>();
  readonly violations: string[] = [];
  readonly #objects: ReadonlyMap<string, Entry>;
  readonly #place: RepositoryPlace;
  readonly #grace: number;
  /** Store times of all writes of each run. */
  readonly #writes = new Map<string, number[]>();
  /** d of each prune. */
  readonly #looks = new Map<Process, number>();
  /** When each process last looked at a name before it was answered: what a COMMIT rests on. */
  readonly #named = new Map<Process, number>();
  #before = new Map<string, Entry>();

  constructor(objects: ReadonlyMap<string, Entry>, place: RepositoryPlace, grace: number) {
    this.#objects = objects;
    this.#place = place;
    this.#grace = grace;
  }

  before(process: Process, op: string, key: string): void {
    if (op === 'delete') this.#before = new Map(this.#objects);
    // Its look at the store's time; another one when it begins again.
    if (process.what === 'prune' && op === 'list' && key.endsWith('/bcn.json')) this.#looks.set(process, Date.now());
  }

  async after(process: Process, op: string, key: string): Promise<void> {
    const uri = `${this.#place.store.uri}/`;
    if (!key.startsWith(uri)) return;
    if (op === 'list' && COMMIT.test(key.slice(uri.length))) this.#named.set(process, Date.now());
    if (op === 'create' || op === 'copy' || op === 'upload') await this.#written(process, key.slice(uri.length));
    if (op === 'delete')
      for (const one of key.split(' ')) this.#deleted(process, one.startsWith(uri) ? one.slice(uri.length) : one);
  }

  /** Since when a backup has been deleted by the store's clock, or undefined: the model's own reading of events. */
  deletedSince(id: string, objects: ReadonlyMap<string, Entry> = this.#objects): number | undefined {
    let since: number | undefined;
    const number = (key: string) => Number(/\/(\d+)-[a-z]+/.exec(key.slice(`events/${id}`.length))?.[1]);
    const time = (key: string) => objects.get(key)?.modified ?? 0;
    const events = [...objects.keys()].filter((key) => key.startsWith(`events/${id}/`));
    for (const key of events.sort((x, y) => number(x) - number(y) || time(x) - time(y))) {
      if (/-undeleted(-\w+)?\.json$/.test(key)) since = undefined;
      else if (/-deleted(-\w+)?\.json$/.test(key)) since ??= time(key);
    }
    return since;
  }

  /** Every visible backup has every object it needs, unaltered. */
  checkAll(when: string): void {
    for (const { commit, needs } of this.held.values()) {
      if (this.deletedSince(commit.id) !== undefined) continue;
      for (const [key, bytes] of needs) {
        const found = this.#objects.get(key);
        if (found?.bytes !== bytes && !found?.bytes.equals(bytes)) this.#violated(`${when}: ${commit.name} lacks ${key}`);
      }
    }
  }

  async #written(process: Process, key: string): Promise<void> {
    const { modified = 0 } = this.#objects.get(key) ?? {};
    const run = /^runs\/([^/]+)\//.exec(key)?.[1];
    if (run !== undefined) this.#writes.set(run, [...(this.#writes.get(run) ?? []), modified]);
    if (COMMIT.test(key)) await this.#committed(process, key, modified);
    const deleted = /^events\/([0-9a-f]+)\/\d+-deleted/.exec(key)?.[1];
    const hidden = deleted === undefined ? undefined : this.held.get(deleted);
    if (hidden && !this.#isMarked(hidden)) this.#violated(`${hidden.commit.name} was deleted before its hints were marked`);
    // A backup that is seen again after an undelete.
    if (key.includes('-undeleted')) this.checkAll(`after ${key}`);
  }

  async #committed(process: Process, key: string, at: number): Promise<void> {
    const commit = decodeCommit(this.#objects.get(key)?.bytes as Buffer, key);
    const table = commit.tables[0] as Commit['tables'][number];
    const needs = new Map<string, Buffer>();
    const need = (name: string) => {
      const found = this.#objects.get(name);
      if (found) needs.set(name, found.bytes);
      else this.#violated(`the commit of ${commit.name} names ${name}, which is missing`);
    };
    need(table.root.key);
    if (!this.#objects.has(table.root.key)) return;
    const root = await readRoot(this.#place, table);
    for (const { key: name } of [root.metadata, ...root.lists, ...root.manifests]) need(name);
    for (const { section } of root.manifests) if (section.length > 0) need(section.key);
    for await (const { files } of readInventory(this.#place, root.manifests)) for (const file of files) need(file.key as string);
    for (const { commit: other, key: place } of this.held.values())
      if (place === key && this.#objects.has(key)) this.#violated(`${other.name} was replaced at ${key}`);
    this.held.set(commit.id, { commit, key, needs });
    this.#checkTime(commit, table.root.key, at, this.#named.get(process) ?? 0);
  }

  /** Whether a mark lies beside each of its hints: who sees none takes a backup for undeleted. */
  #isMarked({ commit, key }: Held): boolean {
    return commit.tables.every(({ catalog, identifier }) => {
      const table = tableKey(catalog.identity, identifier.join('.'));
      const hint = hintKey(table, Date.parse(commit.when), selectorOfCommitKey(key));
      return [...this.#objects.keys()].some((one) => one.startsWith(`${hint}!`));
    });
  }

  /** No commit later than its time rule: after its look, and after its run's last write; and no silence of the run in which prune could take it for dead. */
  #checkTime(commit: Commit, root: string, at: number, looked: number): void {
    const slack = MOMENT_MS + this.#grace / 8;
    // A copy has the moment of its origin.
    const since = commit.origin ? looked : Date.parse(commit.when);
    if (at > since + slack) this.#violated(`${commit.name} was committed ${at - since} ms after its look`);
    if (!root.startsWith(`runs/${commit.run}/`)) return;
    const times = [...(this.#writes.get(commit.run) ?? [])].sort((a, b) => a - b);
    if (at > (times.at(-1) ?? 0) + this.#grace / 2 + slack)
      this.#violated(`${commit.name} was committed long after its last write`);
    for (const [i, time] of times.entries()) {
      const gap = time - (times[i - 1] ?? time);
      if (gap > this.#grace * 0.75 + 600_000)
        this.#violated(`${commit.name} was committed though its run was silent for ${gap} ms`);
    }
  }

  #deleted(process: Process, key: string): void {
    const entry = this.#before.get(key);
    if (!entry) return;
    if (COMMIT.test(key)) {
      const id = /"id":"(\w+)"/.exec(entry.bytes.toString('latin1'))?.[1] ?? '';
      if (!this.#isOver(id)) this.#violated(`the COMMIT ${key} was removed`);
      this.held.delete(id);
      return;
    }
    for (const held of this.held.values()) {
      if (key.includes('!') && this.deletedSince(held.commit.id) !== undefined && !this.#isMarked(held))
        this.#violated(`the mark ${key} was removed before the COMMIT of ${held.commit.name}`);
    }
    const run = /^runs\/([^/]+)\//.exec(key)?.[1];
    if (run === undefined) return;
    const d = this.#looks.get(process) ?? 0;
    // The clock may err by G/8 between the two.
    const newest = Math.max(...(this.#writes.get(run) ?? []).filter((time) => time <= d - this.#grace / 8));
    if (newest > d - this.#grace * 0.75) this.#violated(`${key} of a live run was removed`);
    for (const { commit, needs } of this.held.values())
      if (needs.has(key) && !this.#isOver(commit.id)) this.#violated(`${key} was removed, which ${commit.name} needs`);
  }

  /** Whether a backup was deleted so long ago that nobody may take it back. */
  #isOver(id: string): boolean {
    const since = this.deletedSince(id, this.#before);
    const newest = Math.max(0, ...[...this.#objects.values()].map(({ modified }) => modified));
    return since !== undefined && Math.max(newest, Date.now()) - since > this.#grace * 0.75;
  }

  #violated(what: string): void {
    this.violations.push(what);
  }
}
