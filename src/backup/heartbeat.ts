import type { RepositoryPlace } from '../repository/place.js';
import type { Lease } from './lease.js';

/** Writes a beat every G/8 until stopped. One that fails is tried again at the next. */
export function keepBeating(place: RepositoryPlace, run: string, grace: number, lease: Lease): () => void {
  const beat = () => {
    lease.beat(place, run).catch(() => undefined);
  };
  const timer = setInterval(beat, Math.min(grace / 8, 2 ** 31 - 1));
  timer.unref();
  return () => clearInterval(timer);
}
