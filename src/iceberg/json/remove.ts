import type { Span } from './cursor.js';
import type { Splice } from './splice.js';

const NOTHING = Buffer.alloc(0);

/**
 * Takes items out of an array, or members out of an object, with as many commas as that needs: a run of them goes with the comma before
 * it, at the beginning with the one behind it. White space around what stays stays, too.
 *
 * @param spans of all items, or of all members from key to value, in document order
 */
export function removal(spans: readonly Span[], drops: (index: number) => boolean): Splice[] {
  const cuts: Splice[] = [];
  let kept: Span | undefined;
  let run: Span | undefined;
  for (const [index, span] of spans.entries()) {
    if (drops(index)) {
      run = { start: run?.start ?? span.start, end: span.end };
      continue;
    }
    if (run !== undefined) cuts.push(kept ? cut(kept.end, run.end) : cut(run.start, span.start));
    run = undefined;
    kept = span;
  }
  if (run !== undefined) cuts.push(cut(kept?.end ?? run.start, run.end));
  return cuts;
}

function cut(start: number, end: number): Splice {
  return { start, end, text: NOTHING };
}
