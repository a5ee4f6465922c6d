import { isUtf8 } from 'node:buffer';
import { type Codec, deflate, loadCodec } from './codec.js';
import { Cursor } from './cursor.js';
import { cannotHandle, damaged, inFile } from './errors.js';
import { type AvroHeader, headerWithCodec, readHeader } from './header.js';
import { type AvroRecord, parseSchema } from './schema.js';
import { Splice, writeLong } from './splice.js';

/**
 * Called once per record, with the cursor at its start; must leave it at its end. Changes go into `splice`, whose positions
 * are those of the cursor; it is undefined when the file is only read.
 */
export type RecordVisitor = (c: Cursor, splice: Splice | undefined) => void;

/** Makes the visitor for a file from its writer schema, before the first record. */
export type Prepare = (schema: AvroRecord, header: AvroHeader) => RecordVisitor;

/** A block as it lies in the file. */
interface Block {
  readonly start: number;
  /** Where the byte length of the data starts, behind the record count. */
  readonly lengthAt: number;
  readonly count: number;
  readonly data: Buffer;
  readonly end: number;
}

/**
 * Visits every record of an Avro file.
 *
 * @param name what errors call the file
 * @throws BcnError `corrupt`, `unsupported`, or what the visitor throws
 */
export async function readContainer(bytes: Buffer, name: string, prepare: Prepare, signal?: AbortSignal): Promise<void> {
  await inFile(name, async () => {
    const { header, codec, visit } = await open(bytes, prepare);
    for (const block of blocksOf(bytes, header)) {
      signal?.throwIfAborted();
      visitBlock(block, await unpack(codec, block), visit, undefined);
    }
  });
}

/**
 * Visits every record and writes the file again with the visitor's changes. Header, sync marker, block boundaries, record
 * counts and unchanged blocks are copied as they are; when nothing changes, the result is `bytes` itself. A codec that this
 * platform cannot write becomes deflate in the whole file, and `avro.codec` says so.
 *
 * @param name what errors call the file
 * @throws BcnError `corrupt`, `unsupported`, or what the visitor throws
 */
export async function rewriteContainer(bytes: Buffer, name: string, prepare: Prepare, signal?: AbortSignal): Promise<Buffer> {
  return inFile(name, async () => {
    const { header, codec, visit } = await open(bytes, prepare);
    const writable = codec.compress !== undefined;
    const pack = codec.compress ?? deflate.compress;
    let changed = false;
    const parts: Part[] = [];
    for (const block of blocksOf(bytes, header)) {
      signal?.throwIfAborted();
      const before = await unpack(codec, block);
      const splice = new Splice(before);
      visitBlock(block, before, visit, splice);
      const after = splice.finish();
      changed ||= after !== undefined;
      // Packing starts at once, so that the thread pool works while the next block is visited.
      if (writable) parts.push({ block, packed: after === undefined ? undefined : started(pack(after)) });
      else parts.push({ block, plain: after ?? before });
    }
    if (!changed) return bytes;
    const head = writable ? bytes.subarray(0, header.end) : headerWithCodec(bytes, header, deflate.name);
    const pieces: Buffer[] = [head];
    for (const { block, packed, plain } of parts) {
      signal?.throwIfAborted();
      const data = plain === undefined ? await packed : await pack(plain);
      if (data === undefined) pieces.push(bytes.subarray(block.start, block.end));
      else pieces.push(bytes.subarray(block.start, block.lengthAt), longBytes(data.length), data, header.sync);
    }
    return Buffer.concat(pieces);
  });
}

/** One block of the result: packed, still to be packed, or (neither) as it was. */
interface Part {
  readonly block: Block;
  readonly packed?: Buffer | Promise<Buffer> | undefined;
  readonly plain?: Buffer;
}

async function open(bytes: Buffer, prepare: Prepare): Promise<{ header: AvroHeader; codec: Codec; visit: RecordVisitor }> {
  const header = readHeader(bytes);
  const codec = await loadCodec(metaText(header, 'avro.codec'));
  const text = metaText(header, 'avro.schema');
  if (text === undefined) throw damaged('its header has no schema');
  const schema = parseSchema(text);
  if (schema.kind !== 'record') throw cannotHandle(`its schema is ${schema.kind}, not a record`);
  return { header, codec, visit: prepare(schema, header) };
}

function metaText(header: AvroHeader, key: string): string | undefined {
  const value = header.meta.get(key);
  if (value === undefined) return undefined;
  if (!isUtf8(value)) throw damaged(`the value of ${key} in its header is not UTF-8`);
  return value.toString('utf8');
}

function* blocksOf(bytes: Buffer, header: AvroHeader): Generator<Block> {
  const c = new Cursor(bytes, header.end);
  while (c.left > 0) {
    const start = c.pos;
    const count = c.readSmall();
    if (count < 0) throw damaged(`negative record count at byte ${start}`);
    const lengthAt = c.pos;
    const length = c.readLength();
    const data = bytes.subarray(c.pos, c.pos + length);
    c.pos += length;
    const syncAt = c.pos;
    c.skipFixed(header.sync.length);
    if (bytes.compare(header.sync, 0, header.sync.length, syncAt, c.pos) !== 0) throw damaged(`no sync marker at byte ${syncAt}`);
    yield { start, lengthAt, count, data, end: c.pos };
  }
}

async function unpack(codec: Codec, block: Block): Promise<Buffer> {
  return codec.decompress(block.data);
}

function visitBlock(block: Block, data: Buffer, visit: RecordVisitor, splice: Splice | undefined): void {
  // Every record has at least one byte: it holds wanted fields. So the count cannot be larger than the data.
  if (block.count > data.length) throw damaged(`the block at byte ${block.start} has more records than bytes`);
  const c = new Cursor(data);
  for (let i = 0; i < block.count; i++) visit(c, splice);
  if (c.left !== 0) throw damaged(`the records of the block at byte ${block.start} end ${c.left} bytes before the block does`);
}

/** A rejection is reported where the result is awaited, not as unhandled before. */
function started(result: Buffer | Promise<Buffer>): Buffer | Promise<Buffer> {
  if (result instanceof Promise) result.catch(() => {});
  return result;
}

function longBytes(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(10);
  return bytes.subarray(0, writeLong(bytes, 0, value));
}
