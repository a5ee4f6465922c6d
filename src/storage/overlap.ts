import { parseLocation } from './location.js';

/** Whether one place equals, contains or lies inside the other. `s3`, `s3a` and `s3n` name the same objects; extra slashes count for nothing, so the answer errs on the side of yes. */
export function overlaps(a: string, b: string): boolean {
  const [first, second] = [canonical(a), canonical(b)];
  return first.startsWith(second) || second.startsWith(first);
}

function canonical(uri: string): string {
  const { scheme, bucket, key } = parseLocation(uri);
  const segments = key.split('/').filter((segment) => segment !== '');
  return `${[scheme, bucket, ...segments].join('/')}/`;
}

/** Whether a place lies strictly inside another, by the same measure. */
export function liesInside(inner: string, outer: string): boolean {
  const [first, second] = [canonical(inner), canonical(outer)];
  return first !== second && first.startsWith(second);
}

/** Whether two spellings name one place, by the same measure. */
export function isSamePlace(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}
