import { distance } from 'fastest-levenshtein';

/** Up to three candidates that look like a misspelling of `name`, or continue it, best first. For hints. */
export function nearest(name: string, candidates: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  return candidates
    .map((candidate) => {
      const text = candidate.toLowerCase();
      const part = wanted.length > 2 && (text.startsWith(wanted) || wanted.startsWith(text));
      return { candidate, score: part ? 0 : distance(wanted, text) };
    })
    .filter(({ score }) => score <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.score - b.score)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}
