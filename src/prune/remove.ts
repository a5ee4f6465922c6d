import { type BcnError, isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import type { CallOptions } from '../storage/port.js';
import type { Amount, PruneDeps } from './options.js';

/** As many as one request of S3 takes. */
const BATCH = 1000;
const SINGLES = 8;

interface Removable {
  /** Without the repository's prefix. */
  readonly key: string;
  readonly size: number;
  readonly into: Amount;
}

/** Deletes objects in batches and counts what became of them. One under a retention lock does not keep the others. */
export class Remover {
  readonly locked: Amount = { objects: 0, bytes: 0 };
  lockedObject: string | undefined;
  readonly #deps: PruneDeps;
  readonly #dryRun: boolean;
  readonly #call: CallOptions;
  #batch: Removable[] = [];
  #done = 0;

  constructor(deps: PruneDeps, dryRun: boolean, call: CallOptions) {
    this.#deps = deps;
    this.#dryRun = dryRun;
    this.#call = call;
  }

  /** Deletes this object, soon; `into` counts it when it is gone. */
  async add(key: string, size: number, into: Amount): Promise<void> {
    this.#batch.push({ key, size, into });
    if (this.#batch.length >= BATCH) await this.flush();
  }

  /** Throws `storage-auth` and other errors of the store. */
  async flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length === 0) return;
    if (!this.#dryRun && !(await this.#delete(batch))) {
      for await (const _ of parallel(batch, (one) => this.#deleteOne(one), SINGLES));
    } else for (const one of batch) this.#count(one);
    this.#done += batch.length;
    this.#deps.report.progress({ phase: 'removing objects', done: this.#done });
  }

  /** False when some of them are locked. */
  async #delete(batch: readonly Removable[]): Promise<boolean> {
    const { store, prefix } = this.#deps.repository;
    try {
      await store.delete(
        batch.map(({ key }) => prefix + key),
        this.#call,
      );
      return true;
    } catch (error) {
      if (!isCode(error, 'retention-locked')) throw error;
      return false;
    }
  }

  async #deleteOne(one: Removable): Promise<void> {
    const { store, prefix } = this.#deps.repository;
    try {
      await store.delete([prefix + one.key], this.#call);
      this.#count(one);
    } catch (error) {
      if (!isCode(error, 'retention-locked')) throw error;
      this.lock(error, one.size);
    }
  }

  lock(error: BcnError, size: number): void {
    this.locked.objects++;
    this.locked.bytes += size;
    this.lockedObject ??= error.object;
  }

  #count({ size, into }: Removable): void {
    into.objects++;
    into.bytes += size;
  }
}
