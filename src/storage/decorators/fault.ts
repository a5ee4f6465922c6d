import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { BcnError } from '../../errors.js';
import type {
  CallOptions,
  CopySource,
  ListOptions,
  ListPage,
  ObjectStore,
  ReadOptions,
  StoredBytes,
  WriteResult,
} from '../port.js';
import type { StoreMethod } from './meter.js';

/** One fault: which calls it meets, and what happens to them. */
export interface FaultRule {
  readonly op: StoreMethod | '*';
  /** The whole key, or a pattern; a listing's key is its prefix, a delete matches by any of its keys. */
  readonly key?: string | RegExp;
  /** The first matching call that fails, counted from 1; default 1. */
  readonly nth?: number;
  /** How many calls fail from there on; default 1. */
  readonly times?: number;
  /** What to throw; default `storage-unavailable`. */
  readonly error?: Error;
  /** Wait this long; without `error` the call then goes on. */
  readonly delayMs?: number;
  /** Do the call first, then fail: a lost answer. */
  readonly after?: boolean;
}

/** Thrown from the moment of a simulated death of the process; never a BcnError, so nothing handles it by mistake. */
export class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash';
}

/** A process that dies after some store operations; shared by all the stores that the process uses. */
export class Mortality {
  #left: number;
  #dead = false;
  #ops = 0;

  /** `killAfter` operations succeed (all of them by default), then everything throws. */
  constructor(killAfter = Number.POSITIVE_INFINITY) {
    this.#left = killAfter;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Operations until now, a listing's pages each; a run without a death tells how many crash points there are. */
  get ops(): number {
    return this.#ops;
  }

  /** Dies now: operations that are under way reach the store, their answers are lost. */
  kill(): void {
    this.#dead = true;
  }

  /** Before an operation. */
  begin(): void {
    if (this.#left <= 0) this.#dead = true;
    this.end();
    this.#left--;
    this.#ops++;
  }

  /** After an operation. */
  end(): void {
    if (this.#dead) throw new SimulatedCrash(`Died after ${this.#ops} operations.`);
  }
}

export interface FaultOptions {
  readonly rules?: readonly FaultRule[];
  readonly mortality?: Mortality;
}

/** A store that fails as told. `uri` and `service` are the store's own, so copies from and to it stay server-side. */
export class FaultyStore implements ObjectStore {
  readonly uri: string;
  readonly service: string;
  readonly endpoint: string;
  readonly #store: ObjectStore;
  readonly #rules: readonly FaultRule[];
  readonly #mortality: Mortality;
  readonly #met: number[];

  constructor(store: ObjectStore, options: FaultOptions) {
    this.#store = store;
    this.uri = store.uri;
    this.service = store.service;
    this.endpoint = store.endpoint;
    this.#rules = options.rules ?? [];
    this.#mortality = options.mortality ?? new Mortality();
    this.#met = this.#rules.map(() => 0);
  }

  get(key: string, options?: CallOptions): Promise<StoredBytes> {
    return this.#run('get', [key], () => this.#store.get(key, options));
  }
  read(key: string, options?: ReadOptions): Promise<Readable> {
    return this.#run('read', [key], () => this.#store.read(key, options));
  }
  create(key: string, bytes: Uint8Array, options?: CallOptions): Promise<WriteResult> {
    return this.#run('create', [key], () => this.#store.create(key, bytes, options));
  }
  probeCreate(prefix: string, options?: CallOptions): Promise<boolean> {
    return this.#run('probeCreate', [prefix], () => this.#store.probeCreate(prefix, options));
  }
  async upload(key: string, body: Readable, size: number, options?: CallOptions): Promise<WriteResult> {
    try {
      return await this.#run('upload', [key], () => this.#store.upload(key, body, size, options));
    } catch (error) {
      body.destroy();
      throw error;
    }
  }
  copy(source: CopySource, key: string, options?: CallOptions): Promise<WriteResult> {
    return this.#run('copy', [key], () => this.#store.copy(source, key, options));
  }
  async *list(prefix: string, options?: ListOptions): AsyncIterable<ListPage> {
    const pages = this.#store.list(prefix, options)[Symbol.asyncIterator]();
    try {
      for (;;) {
        // A page is an operation, its end is none; reading it first changes nothing in the store.
        const next = await pages.next();
        if (next.done) return this.#mortality.end();
        yield await this.#run('list', [prefix], async () => next.value);
      }
    } finally {
      await pages.return?.();
    }
  }
  delete(keys: readonly string[], options?: CallOptions): Promise<void> {
    return this.#run('delete', keys, () => this.#store.delete(keys, options));
  }
  abortUploads(prefix: string, options?: CallOptions): Promise<number> {
    return this.#run('abortUploads', [prefix], () => this.#store.abortUploads(prefix, options));
  }

  async #run<T>(op: StoreMethod, keys: readonly string[], call: () => Promise<T>): Promise<T> {
    this.#mortality.begin();
    const rule = this.#match(op, keys);
    if (rule?.delayMs !== undefined) await sleep(rule.delayMs);
    const fails = rule !== undefined && (rule.error !== undefined || rule.delayMs === undefined || rule.after === true);
    if (fails && !rule.after) throw this.#error(rule, op, keys);
    const result = await call();
    if (fails) throw this.#error(rule, op, keys);
    this.#mortality.end();
    return result;
  }

  #match(op: StoreMethod, keys: readonly string[]): FaultRule | undefined {
    let hit: FaultRule | undefined;
    for (const [i, rule] of this.#rules.entries()) {
      if (rule.op !== '*' && rule.op !== op) continue;
      if (rule.key !== undefined && !keys.some((key) => matches(rule.key as string | RegExp, key))) continue;
      const count = (this.#met[i] ?? 0) + 1;
      this.#met[i] = count;
      const first = rule.nth ?? 1;
      if (count >= first && count < first + (rule.times ?? 1)) hit ??= rule;
    }
    return hit;
  }

  #error(rule: FaultRule, op: StoreMethod, keys: readonly string[]): Error {
    if (rule.error) return rule.error;
    const object = `${this.uri}/${keys[0] ?? ''}`;
    return new BcnError('storage-unavailable', `Injected fault: ${op} ${object}.`, { object, hint: 'Run again.' });
  }
}

function matches(pattern: string | RegExp, key: string): boolean {
  return typeof pattern === 'string' ? pattern === key : key.search(pattern) !== -1;
}
