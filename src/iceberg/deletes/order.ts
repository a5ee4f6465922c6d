import type { MappedPath, PathRun } from './rows.js';
import { compareUtf8 } from './utf8-order.js';

/** Rows of one path that lie together in the old file. */
export interface Segment {
  readonly path: MappedPath;
  /** Number of its first row in the file. */
  readonly start: number;
  readonly rows: number;
}

/** Segments in the order of the file whose new paths ascend. */
export type SortedRun = readonly Segment[];

/**
 * Finds out how the rows must be rearranged so that a file sorted by path (Iceberg specification, "Position Delete Files") is sorted by its
 * new paths, too: as runs that are each in order, to be merged. Paths under one root keep their order among each other, so there are
 * no more runs than roots.
 *
 * @returns undefined where the rows can stay as they are: the new paths ascend, or the old ones did not
 */
export async function planOrder(paths: AsyncIterable<readonly PathRun[]>): Promise<readonly SortedRun[] | undefined> {
  const segments: { path: MappedPath; start: number; rows: number }[] = [];
  let start = 0;
  let ascends = true;
  for await (const runs of paths) {
    for (const { path, rows } of runs) {
      const last = segments.at(-1);
      if (last?.path.from === path.from) last.rows += rows;
      else {
        if (last !== undefined) {
          if (compareUtf8(last.path.from, path.from) > 0) return undefined;
          // Equal ones are two spellings of one file, whose positions may lie in between each other.
          ascends &&= compareUtf8(last.path.to, path.to) < 0;
        }
        segments.push({ path, start, rows });
      }
      start += rows;
    }
  }
  return ascends ? undefined : splitIntoRuns(segments);
}

function splitIntoRuns(segments: readonly Segment[]): readonly SortedRun[] {
  const runs: Segment[][] = [];
  for (const segment of segments) {
    const run = runs.find((open) => compareUtf8((open.at(-1) as Segment).path.to, segment.path.to) < 0);
    if (run === undefined) runs.push([segment]);
    else run.push(segment);
  }
  return runs;
}

/** The next rows of the merged file: `rows` rows of the old file from number `start` on, which are of one path. */
export interface MergeStep {
  /** Number of the run that they come from; its steps go forward in the file. */
  readonly run: number;
  readonly path: MappedPath;
  readonly start: number;
  readonly rows: number;
}

interface Head {
  readonly run: number;
  segment: Segment;
  /** Number of the segment in its run. */
  index: number;
  /** Rows of it that were taken. */
  taken: number;
}

/**
 * Merges runs by (UTF-8 path bytes, position).
 *
 * @param positionOf the position of a row of the old file, which the next step of this run begins with; asked only where two runs have
 * rows of one path
 */
export async function* mergeSteps(
  runs: readonly SortedRun[],
  positionOf: (run: number, row: number) => Promise<bigint>,
): AsyncGenerator<MergeStep> {
  let heads = runs.flatMap((segments, run): Head[] =>
    segments.slice(0, 1).map((segment) => ({ run, segment, index: 0, taken: 0 })),
  );
  while (heads.length > 0) {
    const [first, ...others] = smallest(heads);
    if (first === undefined) return;
    const head = others.length === 0 ? first : await lowest([first, ...others], positionOf);
    const rows = others.length === 0 ? head.segment.rows - head.taken : 1;
    yield { run: head.run, path: head.segment.path, start: head.segment.start + head.taken, rows };
    head.taken += rows;
    if (head.taken < head.segment.rows) continue;
    const next = runs[head.run]?.[++head.index];
    if (next === undefined) heads = heads.filter((other) => other !== head);
    else Object.assign(head, { segment: next, taken: 0 });
  }
}

/** The heads with the smallest path. */
function smallest(heads: readonly Head[]): readonly Head[] {
  let found: Head[] = [];
  for (const head of heads) {
    const order = found[0] === undefined ? -1 : compareUtf8(head.segment.path.to, found[0].segment.path.to);
    if (order < 0) found = [head];
    else if (order === 0) found.push(head);
  }
  return found;
}

async function lowest(
  heads: readonly [Head, ...Head[]],
  positionOf: (run: number, row: number) => Promise<bigint>,
): Promise<Head> {
  let [best] = heads;
  let bestPosition: bigint | undefined;
  for (const head of heads) {
    const position = await positionOf(head.run, head.segment.start + head.taken);
    if (bestPosition !== undefined && position >= bestPosition) continue;
    best = head;
    bestPosition = position;
  }
  return best;
}
