/**
 * A JSON reader that keeps what JSON.parse loses: every digit of a number, the order of members, repeated members. It shares nothing with
 * src/. Numbers become `#<token>`, strings `"<decoded>`, so that no two values of different kinds are equal.
 */
export type Json = string | null | boolean | readonly Json[] | JsonMembers;

export class JsonMembers {
  constructor(readonly members: readonly (readonly [key: string, value: Json])[]) {}

  get(key: string): Json | undefined {
    return this.members.findLast(([name]) => name === key)?.[1];
  }
}

const TOKEN = /\s*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null))\s*/y;

export function parseJson(text: string): Json {
  TOKEN.lastIndex = 0;
  const next = () => {
    const found = TOKEN.exec(text);
    if (!found) throw new Error(`no JSON at ${TOKEN.lastIndex}`);
    return found;
  };
  const value = ([, mark, string, number, word]: RegExpExecArray): Json => {
    if (string !== undefined) return `"${JSON.parse(string)}`;
    if (number !== undefined) return `#${number}`;
    if (word !== undefined) return word === 'null' ? null : word === 'true';
    if (mark === '[') {
      const items: Json[] = [];
      for (let token = next(); token[1] !== ']'; token = next()) if (token[1] !== ',') items.push(value(token));
      return items;
    }
    if (mark !== '{') throw new Error(`unexpected ${mark}`);
    const members: [string, Json][] = [];
    for (let token = next(); token[1] !== '}'; token = next()) {
      if (token[1] === ',') continue;
      const key = JSON.parse(token[2] as string) as string;
      next();
      members.push([key, value(next())]);
    }
    return new JsonMembers(members);
  };
  const result = value(next());
  if (TOKEN.lastIndex !== text.length && text.slice(TOKEN.lastIndex).trim() !== '') throw new Error('more than one value');
  return result;
}

/** The text of a string value. */
export function text(value: Json | undefined): string {
  if (typeof value !== 'string' || value[0] !== '"') throw new Error(`no string: ${String(value)}`);
  return value.slice(1);
}

export function items(value: Json | undefined): readonly JsonMembers[] {
  return (value ?? []) as readonly JsonMembers[];
}
