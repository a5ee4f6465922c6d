/** Whole numbers from the first to the last, both included. */
export type Range = readonly [first: number, last: number];

/** A set of numbers as few ranges, in ascending order. Repetitions count once. */
export function rangesOf(numbers: Iterable<number>): readonly Range[] {
  const ranges: [number, number][] = [];
  for (const n of Uint32Array.from(numbers).sort()) {
    const last = ranges.at(-1);
    if (last && n <= last[1] + 1) last[1] = n;
    else ranges.push([n, n]);
  }
  return ranges;
}

/** The numbers of these ranges. */
export function* membersOf(ranges: readonly Range[]): Generator<number> {
  for (const [first, last] of ranges) for (let n = first; n <= last; n++) yield n;
}
