import { BcnError, isCode } from '../../../src/errors.js';
import { Faults, Killed } from '../../support/faults.js';

const MINUTE = 60_000;
/** S3 refuses a request that was signed longer ago. */
const SIGNED = 15 * MINUTE;

interface Gate {
  /** `flight`: the request is on its way while the process lives; `answer`: the process is suspended and has not seen the answer. */
  readonly kind: 'flight' | 'answer';
  /** The request. */
  readonly at: string;
  open(): void;
  fail(error: Error): void;
}

/** What the world does around a request. */
export interface Watch {
  before(process: Process, op: string, key: string): void;
  after(process: Process, op: string, key: string): Promise<void>;
}

/** How a process ended. */
export type Ending = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/** One process: it stops before and after each of its requests until it is let on, and may be killed there. */
export class Process extends Faults {
  readonly what: string;
  ending: Ending | undefined;
  dead = false;
  readonly #watch: Watch;
  #seed: number;
  #gates: Gate[] = [];

  constructor(what: string, seed: number, watch: Watch) {
    super();
    this.what = what;
    this.#seed = (seed % 2_147_483_646) + 1;
    this.#watch = watch;
  }

  start(work: Promise<unknown>): void {
    work.then(
      (value) => {
        this.ending = { ok: true, value };
      },
      (error: unknown) => {
        this.ending = { ok: false, error };
      },
    );
  }

  /** Lets one request on. False when none waits. */
  step(): boolean {
    const gate = this.#gates.shift();
    gate?.open();
    return gate !== undefined;
  }

  /** The request that it waits at first. */
  get at(): string {
    return this.#gates[0]?.at ?? '';
  }

  /** kill -9: of what is on its way, some arrives. */
  kill(): void {
    this.dead = true;
    const gates = this.#gates;
    this.#gates = [];
    for (const gate of gates) {
      if (gate.kind === 'flight' && this.#random(2) === 0) gate.open();
      else gate.fail(new Killed(this.what));
    }
  }

  override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
    if (this.dead) throw new Killed(this.what);
    const beat = key.includes('/beat-') && this.ops > 0 && !this.#gates.some(({ kind }) => kind === 'answer');
    const kind = this.#random(2) === 0 ? 'flight' : 'answer';
    const began = Date.now();
    // A live process beats while its other requests are on their way.
    if (!beat && kind === 'flight') await this.#gate('flight', `${op} ${key}`);
    const late = Date.now() - began > SIGNED && (op === 'create' || op === 'delete');
    const number = this.ops++;
    this.log[number] = { op, key, done: !late };
    if (late) throw new BcnError('storage-unavailable', `${op} ${key}: the signature is void`, { object: key });
    this.#watch.before(this, op, key);
    const result = await call();
    await this.#watch.after(this, op, key);
    if (!beat && kind === 'answer') await this.#gate('answer', `${op} ${key}`);
    if (this.dead) throw new Killed(this.what);
    return result;
  }

  #gate(kind: Gate['kind'], at: string): Promise<void> {
    return new Promise((open, fail) => {
      this.#gates.push({ kind, at, open, fail });
    });
  }

  #random(n: number): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647;
    return this.#seed % n;
  }
}

/** Waits until nothing of this program runs any more that does not wait at a gate. */
export async function settle(): Promise<void> {
  for (let idle = 0; idle < 3; ) {
    await new Promise((resolve) => setImmediate(resolve));
    const busy = process.getActiveResourcesInfo().some((name) => /^(FS|Zlib|ZLIB|File)/.test(name));
    idle = busy ? 0 : idle + 1;
  }
}

/** Endings that a process may have; anything else is a bug. `usage`: several backups have the name, where they lie by run. */
export function isExpected(error: unknown): boolean {
  if (error instanceof Killed) return true;
  return isCode(error, 'storage-unavailable', 'backup-exists', 'backup-not-found', 'busy', 'interrupted', 'usage');
}
