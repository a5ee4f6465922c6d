import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import { xxh32 } from '../../../src/iceberg/puffin/xxh32.js';

/** A file of files/, which make.py wrote. */
export const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, 'files', name));

export const MAGIC = Buffer.from('PFA1');

/** The blob of a deletion vector around these bytes, which stand for bitmaps. */
export function vector(bitmaps = Buffer.alloc(8)): Buffer {
  const body = Buffer.concat([Buffer.from([0xd1, 0xd3, 0x39, 0x64]), bitmaps]);
  return Buffer.concat([uint32BE(body.length), body, uint32BE(crc32(body))]);
}

export interface PuffinSpec {
  /** Everything between the first magic and the footer. */
  readonly body?: Buffer;
  /** The footer's payload as it lies in the file. */
  readonly payload: string | Buffer;
  /** Default: that of the payload. */
  readonly payloadSize?: number;
  readonly flags?: number;
}

export function puffin({ body = Buffer.alloc(0), payload, payloadSize, flags = 0 }: PuffinSpec): Buffer {
  const bytes = Buffer.from(payload as string);
  const end = Buffer.alloc(8);
  end.writeInt32LE(payloadSize ?? bytes.length);
  end.writeUInt32LE(flags, 4);
  return Buffer.concat([MAGIC, body, MAGIC, bytes, end, MAGIC]);
}

export interface FrameSpec {
  readonly flags?: number;
  readonly descriptor?: number;
  /** Content size, dictionary id. */
  readonly extra?: Buffer;
  readonly packed?: boolean;
  /** Content checksum. */
  readonly end?: Buffer;
}

/** An LZ4 frame with one block, or none when it is empty; its header checksum is right, the rest is as asked for. */
export function frame(block: Buffer, spec: FrameSpec = {}): Buffer {
  const { flags = 0x60, descriptor = 0x40, extra = Buffer.alloc(0), packed = false, end = Buffer.alloc(0) } = spec;
  const head = Buffer.concat([Buffer.from([flags, descriptor]), extra]);
  const check = Buffer.from([(xxh32(head) >>> 8) & 0xff]);
  const size = uint32LE(packed ? block.length : block.length + 0x80000000);
  return Buffer.concat([uint32LE(0x184d2204), head, check, ...(block.length === 0 ? [] : [size, block]), Buffer.alloc(4), end]);
}

export function uint32BE(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint32LE(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function uint64LE(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** A result, or a BcnError of one of these codes: nothing else may happen to any bytes. */
export async function survives<T>(work: () => T | Promise<T>, object?: string): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    expect(error).toMatchObject({ name: 'BcnError', code: expect.stringMatching(/^(corrupt|unsupported)$/) });
    if (object !== undefined) expect(error).toMatchObject({ object });
    return undefined;
  }
}
