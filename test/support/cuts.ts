import { expect } from 'vitest';
import { isCode } from '../../src/errors.js';
import { type FaultKind, Faults } from './faults.js';
import type { World } from './world.js';

export const CUTS: readonly FaultKind[] = [
  'crash-before',
  'crash-after',
  'outage-before',
  'outage-after',
  'once-before',
  'once-after',
  'conflict-after',
];

/**
 * Runs an action that is cut at each of its requests, then runs it again. `between`: what must hold after the cut; the state after the rerun must be the one of an action that
 * was never cut, as `state` tells it.
 */
export async function everyCut(
  before: World,
  kind: FaultKind,
  act: (world: World, faults?: Faults) => Promise<unknown>,
  state: (world: World) => Promise<unknown>,
  between: (world: World) => Promise<void> = async () => {},
): Promise<number> {
  const whole = before.fork();
  const counted = new Faults();
  await act(whole, counted);
  const expected = await state(whole);
  for (let at = 0; at < counted.ops; at++) {
    const world = before.fork();
    const error = await act(world, new Faults(kind, at)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    try {
      if (error !== undefined && (error as Error).name !== 'Killed') expect(isCode(error, 'storage-unavailable')).toBe(true);
      await between(world);
      await act(world);
      expect(await state(world)).toEqual(expected);
    } catch (cause) {
      throw new Error(`${kind} at request ${at} of ${counted.ops}`, { cause });
    }
  }
  return counted.ops;
}
