import { isCode } from '../errors.js';
import type { Told } from '../repository/clock.js';
import { beginKey, endKey, newRunId, probePrefix, runDataPrefix } from '../repository/keys.js';
import { placeUri, type RepositoryPlace } from '../repository/place.js';
import { commitsByRun, createRecord, type RepositoryRecord } from '../repository/record.js';
import { type BackupAsk, type Begin, type FoundRun, findRun, isContinuable, type Pin } from '../repository/runs.js';
import { createOnce } from '../storage/create-once.js';
import type { CallOptions } from '../storage/port.js';
import { VERSION } from '../version.js';
import { sleptTooLong } from './commit.js';
import { keepBeating } from './heartbeat.js';
import { Lease } from './lease.js';
import type { BackupDeps } from './options.js';

/** What a repository is when a backup comes to it. */
export interface Opened {
  /** undefined = the repository is still to be made. */
  readonly record: RepositoryRecord | undefined;
  /** Store time. */
  readonly now: Told;
}

/** Whose run it is does not matter: a copy of a backup is one, too. */
type RunDeps = Pick<BackupDeps, 'repository' | 'report'>;

/** A run of a backup: a new one, or one that was interrupted and goes on. Nothing is written before `begin`. */
export class Run {
  readonly id: string;
  /** What the first attempt pinned, by `database.table`; empty for a new run. */
  readonly earlier: Readonly<Record<string, Pin>>;
  #record: RepositoryRecord | undefined;
  #held: boolean;
  #begun = false;
  #stop = () => {};
  /** Of this process on the run. */
  readonly lease: Lease;
  readonly #deps: RunDeps;
  readonly #opened: Opened;
  readonly #call: CallOptions;

  constructor(deps: RunDeps, opened: Opened, name: string, earlier: FoundRun | undefined, call: CallOptions) {
    this.#deps = deps;
    this.#opened = opened;
    this.#record = opened.record;
    this.#call = call;
    this.id = earlier?.run ?? newRunId(name, opened.now.ms);
    this.earlier = earlier?.begin.pinned ?? {};
    this.#held = earlier !== undefined;
    this.lease = new Lease(earlier?.times.last);
  }

  get record(): RepositoryRecord | undefined {
    return this.#record;
  }

  /** The run may hold objects that an earlier attempt, or an earlier plan of this process, has written. */
  get continued(): boolean {
    return this.#held;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Store time now, ISO 8601: the time of the first answer and what went by since. */
  time(): string {
    return new Date(this.#opened.now.now).toISOString();
  }

  /** Before the first write: makes the repository where there is none, says what the run sets out to do, and beats from then on. */
  async begin(asks: BackupAsk, pinned: Begin['pinned']): Promise<RepositoryRecord> {
    const { repository: place } = this.#deps;
    const record = this.#record ?? (await this.#makeRepository());
    this.#record = record;
    if (this.#begun) {
      this.#held = true;
      return record;
    }
    if (this.#held) {
      await this.lease.beat(place, this.id, this.#call);
      if (!this.lease.isUnbroken(record.grace_ms)) throw sleptTooLong(asks.name);
      await place.store.abortUploads(place.prefix + runDataPrefix(this.id), this.#call);
    } else {
      const begin: Begin = { asks, pinned, bcn: VERSION };
      const bytes = Buffer.from(`${JSON.stringify(begin)}\n`);
      this.lease.touch((await createOnce(place.store, place.prefix + beginKey(this.id), bytes, this.#call)).date);
    }
    this.#begun = true;
    this.#stop = keepBeating(place, this.id, record.grace_ms, this.lease);
    return record;
  }

  /** No more beats. */
  stop(): void {
    this.#stop();
  }

  async #makeRepository(): Promise<RepositoryRecord> {
    const { repository: place, report } = this.#deps;
    const record = await createRecord(place, this.#opened.now.ms, probePrefix(this.id), this.#call);
    if (commitsByRun(record)) {
      report.info(
        `${placeUri(place)} lies on a store without true conditional writes: backups are kept by run, and two that are made at once under one name are both kept`,
      );
    }
    return record;
  }
}

/** Marks a run as one that nobody continues. Best effort: without the mark the next run of the name goes on where this one stopped. */
export async function endRun(place: RepositoryPlace, run: string, call: CallOptions): Promise<void> {
  await createOnce(place.store, place.prefix + endKey(run), Buffer.alloc(0), call).catch(() => undefined);
}

/** Whether a run that was interrupted may still be continued: prune may take older ones at any moment. */
export function isAlive(run: FoundRun | undefined, { record, now }: Opened): run is FoundRun {
  return !!record && !!run && isContinuable(run, now.ms, record.grace_ms);
}

/** The run of this very command that was interrupted, if it may be continued. */
export async function findInterrupted(
  place: RepositoryPlace,
  ask: BackupAsk,
  opened: Opened,
  call: CallOptions,
): Promise<FoundRun | undefined> {
  const found = opened.record && (await findRun(place, ask, opened.now.ms, call));
  return isAlive(found, opened) ? found : undefined;
}

/** Errors after which nobody can finish a run as it began. */
export const isHopeless = (error: unknown): boolean => isCode(error, 'corrupt', 'unsupported', 'backup-exists');
