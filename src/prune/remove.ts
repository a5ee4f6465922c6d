import { isCode } from '../errors.js';
import { parallel } from '../parallel.js';
import type { CallOptions } from '../storage/port.js';
import type { Amount, PruneDeps } from './options.js';

/** As many as one request of S3 takes. */
const BATCH = 1000;
const SINGLES = 8;
/** Of so many that are locked it is asked until when. */
const ASKED = 1000;

interface Removable {
  /** Without the repository's prefix. */
  readonly key: string;
  /** Removes it for ever; without one the object, of which a bucket with versioning keeps the versions. */
  readonly version: string | undefined;
  readonly size: number;
  readonly into: Amount;
}

/** Deletes objects and versions in batches and counts what became of them. One under a retention lock does not keep the others. */
export class Remover {
  readonly locked: Amount = { objects: 0, bytes: 0 };
  lockedObject: string | undefined;
  readonly #deps: PruneDeps;
  readonly #dryRun: boolean;
  readonly #call: CallOptions;
  readonly #lockedKeys: Pick<Removable, 'key' | 'version'>[] = [];
  #batch: Removable[] = [];
  #done = 0;

  constructor(deps: PruneDeps, dryRun: boolean, call: CallOptions) {
    this.#deps = deps;
    this.#dryRun = dryRun;
    this.#call = call;
  }

  /** Deletes this object, or this version of it, soon; `into` counts it when it is gone. */
  async add(key: string, size: number, into: Amount, version?: string): Promise<void> {
    this.#batch.push({ key, version, size, into });
    if (this.#batch.length >= BATCH) await this.flush();
  }

  /** Throws `storage-auth` and other errors of the store. */
  async flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length === 0) return;
    if (this.#dryRun) for (const one of batch) this.#count(one);
    else {
      await this.#deleteVersions(batch.filter(({ version }) => version !== undefined));
      await this.#deleteObjects(batch.filter(({ version }) => version === undefined));
    }
    this.#done += batch.length;
    this.#deps.report.progress({ phase: 'removing objects', done: this.#done });
  }

  async #deleteVersions(batch: readonly Removable[]): Promise<void> {
    const { versions } = this.#deps.repository.store;
    if (!versions || batch.length === 0) return;
    const { prefix } = this.#deps.repository;
    const named = batch.map(({ key, version = '' }) => ({ key: prefix + key, version }));
    const locked = new Set((await versions.delete(named, this.#call)).map(({ key, version }) => `${key}\n${version}`));
    for (const one of batch) {
      if (locked.has(`${prefix}${one.key}\n${one.version}`)) this.lock(one);
      else this.#count(one);
    }
  }

  async #deleteObjects(batch: readonly Removable[]): Promise<void> {
    if (batch.length === 0) return;
    if (await this.#delete(batch)) for (const one of batch) this.#count(one);
    else for await (const _ of parallel(batch, (one) => this.#deleteOne(one), SINGLES));
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
      this.lock(one);
    }
  }

  /** Counts what was to go and is under a lock. */
  lock({ key, size, version }: Pick<Removable, 'key' | 'size'> & Partial<Pick<Removable, 'version'>>): void {
    const { store, prefix } = this.#deps.repository;
    this.locked.objects++;
    this.locked.bytes += size;
    this.lockedObject ??= `${store.uri}/${prefix}${key}`;
    if (this.#lockedKeys.length < ASKED) this.#lockedKeys.push({ key, version });
  }

  /** When the last of them is free, ms, as far as the store tells this identity: of the first thousand, and not of a legal hold. */
  async lockedUntil(): Promise<number | undefined> {
    const { store, prefix } = this.#deps.repository;
    const { versions } = store;
    if (!versions) return undefined;
    const ask = ({ key, version }: Pick<Removable, 'key' | 'version'>) =>
      versions.lockedUntil(prefix + key, version, this.#call).catch((error: unknown) => {
        if (isCode(error, 'storage-auth')) return undefined;
        throw error;
      });
    let last: number | undefined;
    for await (const until of parallel(this.#lockedKeys, ask, SINGLES))
      if (until !== undefined) last = Math.max(last ?? until, until);
    return last;
  }

  #count({ size, into }: Removable): void {
    into.objects++;
    into.bytes += size;
  }
}
