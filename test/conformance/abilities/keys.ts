import { randomUUID } from 'node:crypto';
import { type Ability, NONE } from './row.js';
import type { Subject } from './subject.js';

type Verdict = 'held' | 'refused' | 'not listed' | 'another key' | 'lost';

/** Writes a key, reads it back and looks for it in the listing of its exact name. */
async function hold(subject: Subject, key: string): Promise<Verdict> {
  const bytes = Buffer.from(randomUUID());
  if ((await subject.put(key, bytes)) !== undefined) return 'refused';
  try {
    const got = await subject.get(key);
    if (typeof got === 'string' || !got.equals(bytes)) return 'lost';
    const listed = await subject.list(key);
    if (typeof listed !== 'string' && listed.includes(key)) return 'held';
    return (await under(subject, key, bytes)) === undefined ? 'not listed' : 'another key';
  } finally {
    await subject.delete(key);
  }
}

/** The key without what makes it odd, if the store has put the bytes there. */
async function under(subject: Subject, key: string, bytes: Buffer): Promise<string | undefined> {
  const plain = key.split('/').filter((segment) => segment !== '' && segment !== '.');
  for (let at = plain.indexOf('..'); at > 0; at = plain.indexOf('..')) plain.splice(at - 1, 2);
  const other = plain.join('/');
  const found = other === key ? '' : await subject.get(other);
  return typeof found !== 'string' && found.equals(bytes) ? other : undefined;
}

/** Each group of names that share a verdict, as `held: a, b; refused: c`. */
async function verdicts(subject: Subject, named: Readonly<Record<string, string>>): Promise<string> {
  const groups = new Map<Verdict, string[]>();
  for (const [name, key] of Object.entries(named)) {
    const verdict = await hold(subject, key);
    groups.set(verdict, [...(groups.get(verdict) ?? []), name]);
  }
  if (groups.size === 1) return [...groups.keys()][0] as string;
  return [...groups].map(([verdict, names]) => `${verdict}: ${names.join(', ')}`).join('; ');
}

const folder = (subject: Subject) => `${subject.prefix}${randomUUID()}/`;

/** Writes one key after the other; what becomes of the second, and whether both are listed. */
async function beside(subject: Subject, names: readonly [string, string]): Promise<string> {
  const p = folder(subject);
  const [first, second] = names.map((name) => p + name) as [string, string];
  await subject.put(first, Buffer.from('1'));
  if ((await subject.put(second, Buffer.from('2'))) !== undefined) return 'the second is refused';
  const read = await Promise.all([first, second].map((key) => subject.get(key)));
  if (read.join() !== '1,2') return 'one is lost';
  const listed = await subject.list(p);
  const hidden = names.filter((name) => !listed.includes(p + name));
  return hidden.length === 0 ? 'held' : `held, but \`${hidden.join('`, `')}\` not listed`;
}

/** A whole key of this many bytes below the prefix, of segments of this many bytes. */
function filled(subject: Subject, bytes: number, segment: number): string {
  let key = folder(subject);
  while (bytes - key.length > segment + 1) key += `${'k'.repeat(segment)}/`;
  return key + 'k'.repeat(bytes - key.length);
}

/** The longest last segment, made of this character, that passes; in bytes. */
async function longest(subject: Subject, character: string, passes: (key: string) => Promise<boolean>): Promise<string> {
  const most = Math.floor((1024 - folder(subject).length) / Buffer.byteLength(character));
  let [good, bad] = [0, most + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (await passes(folder(subject) + character.repeat(middle))) good = middle;
    else bad = middle;
  }
  return good === most ? 'as long as the key' : `${good * Buffer.byteLength(character)}`;
}

const isHeld = (subject: Subject) => async (key: string) => (await hold(subject, key)) === 'held';

const isReplaced = (subject: Subject) => async (key: string) => {
  await subject.put(key, Buffer.from('1'));
  await subject.put(key, Buffer.from('2'));
  const found = (await subject.get(key)).toString();
  await subject.delete(key);
  return found === '2';
};

const CONTROLS: Readonly<Record<string, string>> = {
  'U+0000': '\0', 'U+0001': '\u0001', tab: '\t', LF: '\n', CR: '\r', 'U+007F': '\u007f', 'U+0085': '\u0085', 'U+2028': '\u2028', 'U+FFFF': '\uffff',
}; // biome-ignore format: one table

export const KEYS: readonly Ability[] = [
  {
    name: 'a key with space, `%2F`, `+`, `=`, `#`, `?`, `&`, `\\`, `é`, `😀`',
    measure: (subject) => hold(subject, `${folder(subject)}a b%2F+c=#d?e&f\\é😀/%41+%2B %.x`),
  },
  {
    name: '`a` beside `a/b`',
    measure: async (subject) => {
      const orders = [await beside(subject, ['a', 'a/b']), await beside(subject, ['a/b', 'a'])];
      return orders[0] === orders[1] ? (orders[0] as string) : `${orders[0]}; the other way round: ${orders[1]}`;
    },
  },
  { name: '`a//b`', measure: (subject) => hold(subject, `${folder(subject)}a//b`) },
  {
    name: '`/a` (at the very beginning)',
    measure: (subject) => hold(subject, `/${folder(subject)}a`),
  },
  {
    name: '`a/./b`, `a/../b`, `..`',
    measure: async (subject) => {
      const p = folder(subject);
      return verdicts(subject, { '`./`': `${p}a/./b`, '`../`': `${p}a/../b`, 'above the bucket': `../${randomUUID()}` });
    },
  },
  {
    name: 'control characters in a key',
    measure: async (subject) => {
      const p = folder(subject);
      return verdicts(subject, Object.fromEntries(Object.entries(CONTROLS).map(([name, c]) => [name, `${p}a${c}b`])));
    },
  },
  { name: 'longest segment, bytes', measure: (subject) => longest(subject, 'k', isHeld(subject)) },
  { name: 'longest segment of `é`, bytes', measure: (subject) => longest(subject, 'é', isHeld(subject)) },
  { name: 'longest name that can be replaced, bytes', measure: (subject) => longest(subject, 'k', isReplaced(subject)) },
  {
    name: 'a key of 1,024 bytes: of 200-byte segments, of 1-byte segments',
    measure: (subject) => verdicts(subject, { long: filled(subject, 1024, 200), short: filled(subject, 1024, 1) }),
  },
  { name: 'a key of 1,025 bytes', measure: (subject) => hold(subject, filled(subject, 1025, 200)) },
  {
    name: 'PUT of `x/`: without bytes, with bytes',
    async measure(subject) {
      const p = folder(subject);
      const empty = (await subject.put(`${p}x/`, Buffer.alloc(0))) === undefined;
      const listed = empty && (await subject.list(`${p}x`))[0] === `${p}x/`;
      const full = await hold(subject, `${p}y/`);
      return `${listed ? 'an object' : empty ? 'not listed' : 'refused'}, ${full === 'held' ? 'an object' : full}`;
    },
  },
  {
    name: '`x/` after PUT of `x/y`; after its DELETE',
    async measure(subject) {
      const p = folder(subject);
      await subject.put(`${p}x/y`, Buffer.from('x'));
      const during = await subject.list(p);
      await subject.delete(`${p}x/y`);
      const after = [...(await subject.list(p)), ...(await subject.list(p, '/'))];
      return `${during.includes(`${p}x/`) ? 'listed' : 'not listed'}; ${after.includes(`${p}x/`) ? 'listed' : 'not listed'}`;
    },
  },
  {
    name: 'a folder that a refused PUT left behind is listed with a delimiter',
    async measure(subject) {
      const p = folder(subject);
      const key = `${p}left/${'k'.repeat(300)}`;
      if ((await subject.put(key, Buffer.from('x'))) === undefined) return NONE;
      const all = await subject.list(p, '/');
      return all.length > 0 && typeof all !== 'string' ? 'yes' : 'no';
    },
  },
];
