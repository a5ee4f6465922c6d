import { beatKey } from '../repository/keys.js';
import type { RepositoryPlace } from '../repository/place.js';

/** Writes a beat every G/8 until stopped, so that prune and later runs see that this one lives. A beat that fails is tried again at the next. */
export function keepBeating(place: RepositoryPlace, run: string, grace: number): () => void {
  const beat = () => {
    place.store.create(place.prefix + beatKey(run, Date.now()), Buffer.alloc(0)).catch(() => undefined);
  };
  const timer = setInterval(beat, Math.min(grace / 8, 2 ** 31 - 1));
  timer.unref();
  return () => clearInterval(timer);
}
