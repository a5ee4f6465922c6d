import { BcnError } from '../../errors.js';
import { JsonCursor, type JsonKind, type Span } from './cursor.js';
import { decodeString } from './text.js';

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/**
 * The members of one JSON object as spans, read on demand. Of a repeated key the last member counts, as in Jackson.
 * Getters give undefined for an absent or null member; a member of another type is `corrupt`, naming the field.
 */
export class JsonObject {
  private constructor(
    private readonly cursor: JsonCursor,
    private readonly members: ReadonlyMap<string, Span>,
    /** Where the object is, for errors; '' for the document. */
    private readonly where: string,
    readonly span: Span,
  ) {}

  /** @throws BcnError `corrupt` when the bytes are not one JSON object (all of the document is checked). */
  static parse(bytes: Buffer, name: string): JsonObject {
    const cursor = JsonCursor.open(bytes, name);
    const object = JsonObject.read(cursor, '');
    cursor.finish();
    return object;
  }

  /** Consumes the next value of a cursor, an object. `where` it is, for errors: `snapshots[3]`. */
  static read(cursor: JsonCursor, where: string): JsonObject {
    const members = new Map<string, Span>();
    const span = cursor.object((key) => members.set(decodeString(cursor.bytes, key), cursor.skip()));
    return new JsonObject(cursor, members, where, span);
  }

  /** The object's text as it stands in the file. */
  get text(): string {
    return this.textOf(this.span);
  }

  keys(): readonly string[] {
    return [...this.members.keys()];
  }

  has(key: string): boolean {
    return this.find(key) !== undefined;
  }

  /** The text of a member as it stands in the file. */
  raw(key: string): string | undefined {
    const span = this.find(key);
    return span && this.textOf(span);
  }

  string(key: string): string | undefined {
    const span = this.find(key, 'string');
    return span && decodeString(this.cursor.bytes, span);
  }

  /**
   * An integer token as int64, exactly.
   *
   * @throws BcnError `unsupported` when a fraction or exponent makes it a float, from which no exact id can be known
   * (some catalogs have written ids so: apache/iceberg#12631).
   */
  int64(key: string): bigint | undefined {
    const span = this.find(key, 'number');
    if (span === undefined) return undefined;
    const token = this.textOf(span);
    if (/[.eE]/.test(token)) {
      throw new BcnError('unsupported', `${this.at(key)} is written as the float ${shorten(token)}: its exact value is lost`, {
        object: this.cursor.name,
        hint: 'A writer or catalog rounded this number. Commit to the table with a correct engine, so that it is written anew.',
      });
    }
    const value = token.length > 20 ? undefined : BigInt(token);
    if (value === undefined || value < MIN_INT64 || value > MAX_INT64)
      this.fail(`${this.at(key)} is ${shorten(token)}, not an int64`);
    return value;
  }

  object(key: string): JsonObject | undefined {
    const span = this.find(key, 'object');
    return span && JsonObject.read(this.cursor.fork(span), this.at(key));
  }

  /** Calls `visit` for every item of a member that is an array of objects; gives their number. */
  eachObject(key: string, visit: (item: JsonObject) => void): number {
    return this.each(key, 'object', (cursor, where) => visit(JsonObject.read(cursor, where)));
  }

  /** Number of items of a member that is an array. */
  count(key: string): number {
    return this.each(key, undefined, (cursor) => cursor.skip());
  }

  /** The items of a member that is an array of strings. */
  strings(key: string): readonly string[] | undefined {
    if (!this.has(key)) return undefined;
    const items: string[] = [];
    this.each(key, 'string', (cursor) => items.push(decodeString(cursor.bytes, cursor.skip())));
    return items;
  }

  /** The member that `get` read, or `corrupt` when there is none. */
  require<T>(key: string, get: (this: this, key: string) => T | undefined): T {
    return get.call(this, key) ?? this.fail(`${this.at(key)} is missing`);
  }

  /** @throws BcnError `corrupt` */
  fail(what: string): never {
    throw new BcnError('corrupt', `${this.cursor.name}: ${what}`, {
      object: this.cursor.name,
      hint: 'No Iceberg reader accepts this file. Compare it with an earlier metadata file of the table.',
    });
  }

  private each(key: string, kind: JsonKind | undefined, visit: (cursor: JsonCursor, where: string) => void): number {
    const span = this.find(key, 'array');
    if (span === undefined) return 0;
    const cursor = this.cursor.fork(span);
    let count = 0;
    cursor.array((index) => {
      const where = `${this.at(key)}[${index}]`;
      if (kind !== undefined) this.expect(kind, cursor.kind(), where);
      visit(cursor, where);
      count++;
    });
    return count;
  }

  private find(key: string, kind?: JsonKind): Span | undefined {
    const span = this.members.get(key);
    if (span === undefined) return undefined;
    const found = this.cursor.fork(span).kind();
    if (found === 'null') return undefined;
    if (kind !== undefined) this.expect(kind, found, this.at(key));
    return span;
  }

  private expect(wanted: JsonKind, found: JsonKind, where: string): void {
    if (wanted !== found) this.fail(`${where} is ${article(found)}, not ${article(wanted)}`);
  }

  private at(key: string): string {
    const name = /^[a-z-]+$/.test(key) ? key : JSON.stringify(shorten(key));
    return this.where === '' ? name : `${this.where}.${name}`;
  }

  private textOf(span: Span): string {
    return this.cursor.bytes.toString('utf8', span.start, span.end);
  }
}

function article(kind: JsonKind): string {
  if (kind === 'true' || kind === 'false' || kind === 'null') return kind;
  return kind === 'object' || kind === 'array' ? `an ${kind}` : `a ${kind}`;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
