import type { Endpoint } from './endpoints.js';
import { WireFault } from './faults.js';

/** The servers of one metastore, in the order in which they are to be tried: as given, but those that failed last. */
export class Servers {
  readonly several: boolean;
  #order: readonly Endpoint[];
  readonly #answering = new Set<Endpoint>();
  readonly #understood = new Set<Endpoint>();

  constructor(endpoints: readonly Endpoint[]) {
    this.#order = endpoints;
    this.several = endpoints.length > 1;
  }

  /** Those that `attempts` has not tried. */
  left(attempts: Attempts): readonly Endpoint[] {
    return this.#order.filter((endpoint) => !attempts.has(endpoint));
  }

  answered(endpoint: Endpoint): void {
    this.#answering.add(endpoint);
    this.#understood.add(endpoint);
  }

  failed(endpoint: Endpoint): void {
    this.#answering.delete(endpoint);
    this.#order = [...this.#order.filter((each) => each !== endpoint), endpoint];
  }

  /** Its last call was answered. */
  isAnswering(endpoint: Endpoint): boolean {
    return this.#answering.has(endpoint);
  }

  /** It has answered some call: it is a metastore, and its transport is ours. */
  isUnderstood(endpoint: Endpoint): boolean {
    return this.#understood.has(endpoint);
  }
}

/** The servers that one call was tried on, and what came of it. */
export class Attempts {
  readonly #faults = new Map<Endpoint, WireFault>();

  has(endpoint: Endpoint): boolean {
    return this.#faults.has(endpoint);
  }

  add(endpoint: Endpoint, fault: WireFault): void {
    this.#faults.set(endpoint, fault);
  }

  /** One fault for all of them, each named where there are `several`: unknown when one of them may have seen the call. */
  fault(several: boolean): WireFault {
    const faults = [...this.#faults.values()];
    const telling = faults.find(({ reason }) => reason !== 'connect') ?? faults[0];
    const outcome = faults.some((fault) => fault.outcome === 'unknown') ? 'unknown' : 'not-sent';
    const texts = [...this.#faults].map(([{ uri }, { message, reason }]) =>
      (several || reason === 'connect') && !message.startsWith(uri) ? `${uri}: ${message}` : message,
    );
    return new WireFault(outcome, telling?.reason ?? 'connect', texts.join('; '), telling?.hint);
  }
}
