import { ApplicationFault } from './faults.js';
import { getInt32, getText } from './fields.js';
import { ForeignAnswer, printable, recognise } from './foreign.js';
import { decodeScanned, encodeStruct, type ThriftStruct } from './struct.js';
import { LIMITS, ProtocolError, StructScanner } from './wire.js';

const VERSION = 0x8001;
const CALL = 1;
const REPLY = 2;
const EXCEPTION = 3;

/** A strict call message; with `framed`, its length (u32) stands before it. */
export function encodeCall(method: string, seqid: number, args: ThriftStruct, framed: boolean): Buffer {
  const body = Buffer.concat([header(CALL, method, seqid), encodeStruct(args)]);
  return framed ? Buffer.concat([uint32(body.length), body]) : body;
}

function header(kind: number, method: string, seqid: number): Buffer {
  const name = Buffer.from(method, 'utf8');
  return Buffer.concat([uint32(VERSION * 0x10000 + kind), uint32(name.length), name, uint32(seqid)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/**
 * The reply to one call, gathered from chunks. Each byte is looked at once; the first byte that cannot belong to the reply (wrong
 * kind, name, number, length, or anything after its end) throws ProtocolError, a ForeignAnswer where it is known what the bytes are.
 */
export class ReplyReader {
  #bytes = Buffer.allocUnsafe(16 * 1024);
  #length = 0;
  #checked = 0;
  readonly #expected: Buffer;
  /** Bytes of the frame's header, and where the message's end is known from it. */
  readonly #frame: number;
  #end: number | undefined;
  readonly #maxBytes: number;
  readonly #scanner: StructScanner;

  constructor(method: string, seqid: number, framed: boolean, maxBytes: number = LIMITS.bytes) {
    this.#frame = framed ? 4 : 0;
    this.#maxBytes = maxBytes;
    this.#expected = header(REPLY, method, seqid);
    this.#scanner = new StructScanner(this.#frame + this.#expected.length, maxBytes);
  }

  /** The result struct once it is complete. Throws ProtocolError, or ApplicationFault when the reply is one. */
  push(chunk: Buffer): ThriftStruct | undefined {
    this.#append(chunk);
    const start = this.#frame + this.#expected.length;
    if (this.#checked < this.#expected.length && !this.#checkStart(start)) return undefined;
    const complete = this.#length >= start && this.#scanner.advance(this.#bytes, this.#length);
    const end = complete ? this.#scanner.position : undefined;
    if (this.#end !== undefined) this.#checkFrame(this.#end, end);
    if (end === undefined) return undefined;
    if (end !== this.#length) throw new ProtocolError(`${this.#length - end} bytes follow the reply`);
    const result = decodeScanned(this.#bytes, start, end);
    if (this.#bytes[this.#frame + 3] === EXCEPTION)
      throw new ApplicationFault(getInt32(result, 2) ?? 0, getText(result, 1) ?? 'no message');
    return result;
  }

  #append(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  /** The frame's length is judged when it is announced, the header (known but for its kind) as far as it has come. False: wait for more. */
  #checkStart(start: number): boolean {
    for (; this.#checked < Math.min(this.#length, start) - this.#frame; this.#checked += 1) {
      const byte = this.#bytes[this.#frame + this.#checked];
      if (byte === this.#expected[this.#checked] || (this.#checked === 3 && byte === EXCEPTION)) continue;
      return this.#refuse(`the answer does not belong to the call, it starts with "${this.#seen(24)}"`);
    }
    if (this.#frame > 0 && this.#end === undefined && this.#length >= 4) {
      const size = this.#bytes.readUInt32BE(0);
      if (size > this.#maxBytes) return this.#refuse(`a frame announces ${size} bytes, it starts with "${this.#seen(24)}"`);
      this.#end = 4 + size;
    }
    return true;
  }

  #checkFrame(frameEnd: number, messageEnd: number | undefined): void {
    if (this.#length > frameEnd) throw new ProtocolError('bytes follow the frame');
    if (messageEnd !== undefined && messageEnd !== frameEnd) throw new ProtocolError('the reply does not fill its frame');
    if (messageEnd === undefined && this.#length === frameEnd) throw new ProtocolError('the frame ends before its reply does');
  }

  /** False while a few bytes more will tell what this is. */
  #refuse(otherwise: string): false {
    const foreign = recognise(this.#bytes.subarray(0, this.#length), this.#frame > 0);
    if (foreign === 'more') return false;
    throw foreign === undefined ? new ProtocolError(otherwise) : new ForeignAnswer(foreign);
  }

  #seen(bytes: number): string {
    return printable(this.#bytes.subarray(0, Math.min(this.#length, bytes)));
  }
}
