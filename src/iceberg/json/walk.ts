import { BcnError } from '../../errors.js';
import type { JsonCursor, Span } from './cursor.js';
import { decodeString, hasEscape } from './text.js';

/** A tree of the members to visit; `any` stands for members not named. */
interface Shape {
  readonly members: { readonly key: string; readonly token: Buffer; readonly shape: Shape }[];
  any: Shape | undefined;
  items: Shape | undefined;
  /** Set where values are handed to the visitor. */
  leaf: string | undefined;
}

/** Builds a shape from places such as `snapshots[].manifest-list`, `properties."write.data.path"`, `properties.*`. */
export function shapeOf(places: readonly string[]): Shape {
  const root = emptyShape();
  for (const place of places) {
    let shape = root;
    for (const [step, quoted] of place.matchAll(/"([^"]+)"|\[\]|\*|[a-z-]+/g)) {
      if (step === '[]') shape = shape.items ??= emptyShape();
      else if (step === '*') shape = shape.any ??= emptyShape();
      else {
        const key = quoted ?? step;
        let member = shape.members.find((known) => known.key === key);
        if (member === undefined) {
          member = { key, token: Buffer.from(JSON.stringify(key)), shape: emptyShape() };
          shape.members.push(member);
        }
        shape = member.shape;
      }
    }
    shape.leaf = place;
  }
  return root;
}

function emptyShape(): Shape {
  return { members: [], any: undefined, items: undefined, leaf: undefined };
}

/**
 * Visits every value at the places of `shape`, each occurrence of a repeated key too, in document order. The visitor consumes the
 * value. null stands for "absent" anywhere; another type than the places imply is `corrupt`, naming the place.
 *
 * @param visit `place` as given to `shapeOf`; `key` is the token of the key before the value
 */
export function walk(cursor: JsonCursor, shape: Shape, visit: (place: string, key: Span) => void): void {
  descend(cursor, shape, visit, '', { start: 0, end: 0 });
}

function descend(cursor: JsonCursor, shape: Shape, visit: (place: string, key: Span) => void, where: string, key: Span): void {
  const kind = cursor.kind();
  if (shape.leaf !== undefined) visit(shape.leaf, key);
  else if (kind === 'null' && where !== '') cursor.skip();
  else if (shape.items !== undefined) {
    const { items } = shape;
    if (kind !== 'array') failType(cursor, where, kind, 'array');
    cursor.array(() => descend(cursor, items, visit, `${where}[]`, key));
  } else {
    if (kind !== 'object') failType(cursor, where, kind, 'object');
    cursor.object((span) => {
      const known = findMember(cursor.bytes, span, shape);
      const next = known?.shape ?? shape.any;
      if (next === undefined) cursor.skip();
      else descend(cursor, next, visit, where === '' ? `${known?.key}` : `${where}.${known?.key ?? '*'}`, span);
    });
  }
}

/** Compares bytes, since decoding every key of a large file is most of the work. */
function findMember(bytes: Buffer, key: Span, shape: Shape): Shape['members'][number] | undefined {
  if (shape.members.length === 0) return undefined;
  if (hasEscape(bytes, key)) {
    const text = decodeString(bytes, key);
    return shape.members.find((member) => member.key === text);
  }
  for (const member of shape.members) {
    const { token } = member;
    if (token.length !== key.end - key.start) continue;
    let at = 1;
    while (at < token.length && token[at] === bytes[key.start + at]) at++;
    if (at === token.length) return member;
  }
  return undefined;
}

/** @throws BcnError `corrupt` */
export function failType(cursor: JsonCursor, where: string, found: string, wanted: string): never {
  throw new BcnError('corrupt', `${cursor.name}: ${where || 'the document'} is of type ${found}, not ${wanted}`, {
    object: cursor.name,
    hint: 'No Iceberg reader accepts this file. Compare it with an earlier metadata file of the table.',
  });
}
