/**
 * A strict JSON reader over UTF-8 bytes that builds nothing: it visits the members its caller asks for and skips the rest.
 *
 * Written for metadata.json files of tens of megabytes, whose ids do not fit a double and whose every byte must survive
 * (RFC 8259; a byte order mark is tolerated as Jackson does). Skipping never recurses; nesting deeper than 512 is refused.
 */
import { isUtf8 } from 'node:buffer';
import { BcnError } from '../../errors.js';

/** Half-open range of bytes. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'true' | 'false' | 'null';

const MAX_DEPTH = 512;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
const isHex = (byte: number) => isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);

export class JsonCursor {
  #at: number;
  #depth: number;
  /** Room for the stack of #container, which never runs twice at once: shared by forks, since allocating it is slow. */
  readonly #closers: Uint8Array;

  private constructor(
    readonly bytes: Buffer,
    /** What the bytes are called in errors: the URI of the object. */
    readonly name: string,
    at: number,
    depth: number,
    closers: Uint8Array,
  ) {
    this.#at = at;
    this.#depth = depth;
    this.#closers = closers;
  }

  /**
   * A cursor before the first value of a document.
   *
   * @throws BcnError `corrupt` when the bytes are not UTF-8. All other methods: `corrupt` at the first byte that is not JSON.
   */
  static open(bytes: Buffer, name: string): JsonCursor {
    const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    const cursor = new JsonCursor(bytes, name, bom, 0, new Uint8Array(MAX_DEPTH));
    if (!isUtf8(bytes)) cursor.fail('invalid UTF-8', firstInvalidUtf8(bytes));
    return cursor;
  }

  /** A second cursor before the value at `span`, which a cursor of this document gave. */
  fork(span: Span): JsonCursor {
    return new JsonCursor(this.bytes, this.name, span.start, this.#depth, this.#closers);
  }

  /** Offset of the next token after `kind()`. */
  get at(): number {
    return this.#at;
  }

  /** Kind of the next value, which is not consumed. */
  kind(): JsonKind {
    const byte = this.#next();
    switch (byte) {
      case OPEN_OBJECT:
        return 'object';
      case OPEN_ARRAY:
        return 'array';
      case QUOTE:
        return 'string';
      case 0x74:
        return 'true';
      case 0x66:
        return 'false';
      case 0x6e:
        return 'null';
      default:
        return byte === 0x2d || isDigit(byte) ? 'number' : this.fail('a value was expected');
    }
  }

  /** Visits the members of the next value, an object: `member` gets the span of each key (with quotes) and consumes its value. */
  object(member: (key: Span) => void): Span {
    const start = this.#enter(OPEN_OBJECT, '"{" was expected');
    if (this.#next() !== CLOSE_OBJECT) {
      for (;;) {
        member(this.#key());
        if (this.#next() !== COMMA) break;
        this.#at++;
      }
    }
    return { start, end: this.#leave(CLOSE_OBJECT, '"," or "}" was expected') };
  }

  /** Visits the items of the next value, an array: `item` consumes each. */
  array(item: (index: number) => void): Span {
    const start = this.#enter(OPEN_ARRAY, '"[" was expected');
    if (this.#next() !== CLOSE_ARRAY) {
      for (let index = 0; ; index++) {
        item(index);
        if (this.#next() !== COMMA) break;
        this.#at++;
      }
    }
    return { start, end: this.#leave(CLOSE_ARRAY, '"," or "]" was expected') };
  }

  /** Consumes the next value, whatever it is, checks it, and gives its span (strings: with quotes). */
  skip(): Span {
    const first = this.#next();
    const start = this.#at;
    if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) this.#scalar(first);
    else this.#container();
    return { start, end: this.#at };
  }

  /** Checks that nothing follows the document's value. */
  finish(): void {
    this.#next();
    if (this.#at < this.bytes.length) this.fail('text follows the end of the document');
  }

  /** @throws BcnError `corrupt` */
  fail(what: string, at = this.#at): never {
    const found = at >= this.bytes.length ? `${what}, but the file ends` : what;
    throw new BcnError('corrupt', `${this.name} is not valid JSON at byte ${at} of ${this.bytes.length}: ${found}`, {
      object: this.name,
      hint: 'The file is damaged or was written incompletely. Compare it with an earlier metadata file of the table.',
    });
  }

  /** The next byte that is not white space; 0, which no token starts with, at the end. */
  #next(): number {
    const bytes = this.bytes;
    let at = this.#at;
    let byte = bytes[at] ?? 0;
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at] ?? 0;
    this.#at = at;
    return byte;
  }

  #enter(open: number, expected: string): number {
    if (this.#next() !== open) this.fail(expected);
    if (++this.#depth > MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH}`);
    return this.#at++;
  }

  #leave(close: number, expected: string): number {
    if (this.#next() !== close) this.fail(expected);
    this.#depth--;
    return ++this.#at;
  }

  #key(): Span {
    this.#next();
    const start = this.#at;
    const end = this.#skipKey();
    return { start, end };
  }

  /** Consumes a key and its colon; gives the end of the key. */
  #skipKey(): number {
    if (this.#next() !== QUOTE) this.fail('a key was expected');
    this.#string();
    const end = this.#at;
    if (this.#next() !== COLON) this.fail('":" was expected');
    this.#at++;
    return end;
  }

  /** Consumes an object or array. The stack holds the bytes that close what is open. */
  #container(): void {
    const closers = this.#closers;
    const room = MAX_DEPTH - this.#depth;
    let open = 0;
    for (;;) {
      const byte = this.#next();
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        const closer = byte + 2;
        if (open === room) this.fail(`nested deeper than ${MAX_DEPTH}`);
        this.#at++;
        if (this.#next() !== closer) {
          closers[open++] = closer;
          if (closer === CLOSE_OBJECT) this.#skipKey();
          continue;
        }
        this.#at++;
      } else this.#scalar(byte);
      for (;;) {
        if (open === 0) return;
        const closer = closers[open - 1] ?? 0;
        const after = this.#next();
        this.#at++;
        if (after === COMMA) {
          if (closer === CLOSE_OBJECT) this.#skipKey();
          break;
        }
        if (after !== closer) this.fail(`"," or "${String.fromCharCode(closer)}" was expected`, this.#at - 1);
        open--;
      }
    }
  }

  #scalar(first: number): void {
    if (first === QUOTE) this.#string();
    else if (first === 0x74) this.#literal('true');
    else if (first === 0x66) this.#literal('false');
    else if (first === 0x6e) this.#literal('null');
    else this.#number();
  }

  #literal(word: string): void {
    for (let i = 0; i < word.length; i++)
      if (this.bytes[this.#at + i] !== word.charCodeAt(i)) this.fail(`"${word}" was expected`);
    this.#at += word.length;
  }

  /** Consumes a string; its UTF-8 was checked when the document was opened. */
  #string(): void {
    const bytes = this.bytes;
    const start = this.#at;
    for (let at = start + 1; ; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) {
        this.#at = at + 1;
        return;
      }
      if (byte < 0x20) this.fail(at < bytes.length ? 'a control character in a string' : 'a string is not closed', at);
      if (byte === BACKSLASH) at = this.#escape(at);
    }
  }

  /** The last byte of the escape that starts at `at`. */
  #escape(at: number): number {
    const kind = this.bytes[at + 1] ?? 0;
    if (kind === 0x75) {
      for (let i = 2; i < 6; i++) if (!isHex(this.bytes[at + i] ?? 0)) this.fail('a bad \\u escape', at);
      return at + 5;
    }
    if (kind === 0 || !'"\\/bfnrt'.includes(String.fromCharCode(kind))) this.fail('a bad escape', at);
    return at + 1;
  }

  #number(): void {
    const start = this.#at;
    if (this.bytes[this.#at] === 0x2d) this.#at++;
    if (this.bytes[this.#at] === 0x30) this.#at++;
    else if (!this.#digits()) this.fail('a value was expected', start);
    if (this.bytes[this.#at] === 0x2e) {
      this.#at++;
      if (!this.#digits()) this.fail('a bad number', start);
    }
    if (((this.bytes[this.#at] ?? 0) | 0x20) === 0x65) {
      this.#at++;
      const sign = this.bytes[this.#at];
      if (sign === 0x2b || sign === 0x2d) this.#at++;
      if (!this.#digits()) this.fail('a bad number', start);
    }
  }

  #digits(): boolean {
    const start = this.#at;
    while (isDigit(this.bytes[this.#at] ?? 0)) this.#at++;
    return this.#at > start;
  }
}

/** Offset of the first byte that does not belong to a well-formed character. Only for error messages. */
function firstInvalidUtf8(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at] ?? 0;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead >= 0x80 && !isUtf8(bytes.subarray(at, at + length))) return at;
    at += length;
  }
  return at;
}
