import type { Cursor } from './cursor.js';
import { cannotHandle, damaged } from './errors.js';
import type { AvroRecord, AvroType } from './schema.js';

/** Moves the cursor over one value. */
export type Skipper = (c: Cursor) => void;

/** A field that the caller wants to find, by its Iceberg field id. */
export interface Wanted {
  readonly id: number;
  /** Index into `Cursor.slots`, where the position of the value goes; none for records that only contain wanted fields. */
  readonly slot?: number;
  /** What the field may be, apart from null. */
  readonly kinds: readonly AvroType['kind'][];
  /** Wanted fields of this record. */
  readonly fields?: readonly Wanted[];
}

export interface Locator {
  /** Moves over one record and notes where the wanted fields start (behind the union branch). Slots are not reset. */
  readonly skip: Skipper;
  /** The wanted slots that the schema has, in the order in which their values lie in a record, with their types. */
  readonly found: ReadonlyMap<number, AvroType>;
}

/** Recursive data may not nest deeper than this. */
const MAX_RECURSION = 64;

/**
 * Compiles a record type into one function that skips a record and notes where the wanted fields are.
 *
 * @throws BcnError `unsupported` when a wanted field has another type than expected or an id occurs twice in one record
 */
export function compileLocator(record: AvroRecord, wanted: readonly Wanted[]): Locator {
  const found = new Map<number, AvroType>();
  const skip = new Compiler(found).record(record, wanted);
  return { skip, found };
}

/** The type behind `["null", T]`, a union of one, or T itself; undefined for other unions. */
export function withoutNull(type: AvroType): AvroType | undefined {
  if (type.kind !== 'union') return type;
  const branches = type.branches.filter((branch) => branch.kind !== 'null');
  const [only] = branches;
  return branches.length === 1 && only !== undefined ? withoutNull(only) : undefined;
}

class Compiler {
  readonly #done = new Map<AvroType, Skipper>();
  readonly #open = new Set<AvroType>();
  readonly #found: Map<number, AvroType>;

  constructor(found: Map<number, AvroType>) {
    this.#found = found;
  }

  record(record: AvroRecord, wanted: readonly Wanted[]): Skipper {
    const byId = new Map(wanted.map((want) => [want.id, want]));
    const seen = new Set<number>();
    const steps: Skipper[] = [];
    for (const { id, type } of record.fields) {
      const want = id === undefined ? undefined : byId.get(id);
      if (want === undefined) {
        if (!isEmpty(type)) steps.push(this.#skipper(type));
        continue;
      }
      if (seen.has(want.id)) throw cannotHandle(`its schema has field id ${want.id} twice`);
      seen.add(want.id);
      steps.push(this.#wanted(type, want));
    }
    return sequence(steps);
  }

  #wanted(type: AvroType, want: Wanted): Skipper {
    if (type.kind === 'union') {
      if (withoutNull(type) === undefined) throw mismatch(want, 'a union of several types');
      return union(type.branches.map((branch) => (branch.kind === 'null' ? nothing : this.#wanted(branch, want))));
    }
    if (!want.kinds.includes(type.kind)) throw mismatch(want, type.kind);
    const inner = type.kind === 'record' && want.fields ? this.record(type, want.fields) : this.#skipper(type);
    const slot = want.slot;
    if (slot === undefined) return inner;
    this.#found.set(slot, type);
    return (c) => {
      c.slots[slot] = c.pos;
      inner(c);
    };
  }

  #skipper(type: AvroType): Skipper {
    const done = this.#done.get(type);
    if (done !== undefined) return done;
    if (this.#open.has(type)) return this.#recursion(type);
    this.#open.add(type);
    const skipper = isEmpty(type) ? nothing : this.#compile(type);
    this.#open.delete(type);
    this.#done.set(type, skipper);
    return skipper;
  }

  #recursion(type: AvroType): Skipper {
    return (c) => {
      if (++c.depth > MAX_RECURSION) throw damaged(`its records nest deeper than ${MAX_RECURSION} levels`);
      (this.#done.get(type) as Skipper)(c);
      c.depth--;
    };
  }

  #compile(type: AvroType): Skipper {
    switch (type.kind) {
      case 'null':
        return nothing;
      case 'boolean':
        return (c) => c.skipBoolean();
      case 'int':
        return (c) => c.skipInt();
      case 'long':
        return (c) => c.skipLong();
      case 'float':
        return (c) => c.skipFixed(4);
      case 'double':
        return (c) => c.skipFixed(8);
      case 'bytes':
      case 'string':
        return (c) => c.skipBytes();
      case 'fixed':
        return (c) => c.skipFixed(type.size);
      case 'enum':
        return (c) => {
          const index = c.readSmall();
          if (index < 0 || index >= type.symbols) throw damaged(`no enum symbol ${index} before byte ${c.pos}`);
        };
      case 'array':
        if (isPair(type.items, 'int', 'long')) return blocks((c, count) => c.skipIntLongs(count), false);
        if (isPair(type.items, 'int', 'bytes')) return blocks((c, count) => c.skipIntBytes(count), false);
        return blocks(repeated(this.#skipper(type.items)), isEmpty(type.items));
      case 'map': {
        const value = this.#skipper(type.values);
        return blocks((c, count) => {
          for (let i = 0; i < count; i++) {
            c.skipBytes();
            value(c);
          }
        }, false);
      }
      case 'union':
        return union(type.branches.map((branch) => this.#skipper(branch)));
      case 'record':
        return sequence(type.fields.filter((field) => !isEmpty(field.type)).map((field) => this.#skipper(field.type)));
    }
  }
}

function mismatch(want: Wanted, kind: string) {
  return cannotHandle(`field ${want.id} is ${kind}, not ${want.kinds.join(' or ')}`);
}

function nothing(): void {}

/** True for types whose values take no bytes, however often they are repeated. A type that contains itself is not one. */
function isEmpty(type: AvroType): boolean {
  if (type.kind === 'null') return true;
  if (type.kind === 'fixed') return type.size === 0;
  if (type.kind !== 'record') return false;
  const known = EMPTY.get(type);
  if (known !== undefined) return known;
  EMPTY.set(type, false);
  const empty = type.fields.every((field) => isEmpty(field.type));
  EMPTY.set(type, empty);
  return empty;
}

/** Answers per schema object: a type may be named so often that asking again would take forever. */
const EMPTY = new WeakMap<AvroType, boolean>();

function sequence(steps: readonly Skipper[]): Skipper {
  const [a, b] = steps;
  if (a === undefined) return nothing;
  if (b === undefined) return a;
  if (steps.length === 2) {
    return (c) => {
      a(c);
      b(c);
    };
  }
  return (c) => {
    for (let i = 0; i < steps.length; i++) (steps[i] as Skipper)(c);
  };
}

function isPair(type: AvroType, ...kinds: readonly AvroType['kind'][]): boolean {
  return (
    type.kind === 'record' && type.fields.length === kinds.length && type.fields.every((field, i) => field.type.kind === kinds[i])
  );
}

function repeated(item: Skipper): (c: Cursor, count: number) => void {
  return (c, count) => {
    for (let i = 0; i < count; i++) item(c);
  };
}

function union(branches: readonly Skipper[]): Skipper {
  const [first, second] = branches;
  return (c) => {
    const tag = c.buf[c.pos];
    if (tag === 0 && first !== undefined) {
      c.pos++;
      first(c);
      return;
    }
    if (tag === 2 && second !== undefined) {
      c.pos++;
      second(c);
      return;
    }
    const index = c.readSmall();
    const branch = branches[index];
    if (branch === undefined) throw damaged(`no union branch ${index} before byte ${c.pos}`);
    branch(c);
  };
}

/** Blocks of an array or a map: a count and that many items, or a negative count, a size in bytes, and the items; 0 ends. */
function blocks(items: (c: Cursor, count: number) => void, itemsAreEmpty: boolean): Skipper {
  return (c) => {
    for (;;) {
      const count = c.readSmall();
      if (count === 0) return;
      if (count < 0) c.skipBytes();
      else if (!itemsAreEmpty) {
        if (count > c.left) throw damaged(`more items than bytes before byte ${c.pos}`);
        items(c, count);
      }
    }
  };
}
