import { OrcCodec, OrcStream } from '../../../../src/iceberg/deletes/orc/chunks.js';
import { OrcIntegers, type RunDecoder } from '../../../../src/iceberg/deletes/orc/integers.js';
import { bytesOf, countOf, readMessage } from '../../../../src/iceberg/deletes/orc/protobuf.js';
import { Int64s } from '../../../../src/iceberg/deletes/rows.js';
import { Source } from '../../../../src/iceberg/deletes/source.js';
import { deleteFile } from '../support.js';

export function stream(bytes: Buffer, kind = 0, most = 65536): OrcStream {
  return new OrcStream(new Source(deleteFile(bytes), undefined), new OrcCodec(kind, most), 0, bytes.length);
}

/** The integers of a stream without packing, read `piece` at a time. */
export async function integers(
  decode: RunDecoder,
  bytes: readonly number[],
  count: number,
  signed = false,
  piece = 7,
): Promise<bigint[]> {
  const reader = new OrcIntegers(stream(Buffer.from(bytes)), decode, signed);
  const out = new Int64s(count);
  for (let at = 0; at < count; at += piece) await reader.read(out, at, Math.min(piece, count - at));
  return [...out.values];
}

/** A chunk as it lies in a packed stream. */
export function chunk(bytes: Buffer, isPlain: boolean): Buffer {
  const head = Buffer.alloc(3);
  head.writeUIntLE(bytes.length * 2 + Number(isPlain), 0, 3);
  return Buffer.concat([head, bytes]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

const bytesField = (id: number, value: Buffer) =>
  Buffer.concat([Buffer.from([...varint(id * 8 + 2), ...varint(value.length)]), value]);

/** An unpacked file of one stripe with that stripe several times. */
export function repeatStripe(file: Buffer, times: number): Buffer {
  const psLength = file.at(-1) as number;
  const ps = file.subarray(file.length - 1 - psLength, -1);
  let footerLength = 0;
  readMessage(ps, (id, value) => {
    if (id === 1) footerLength = countOf(value);
  });
  const footerStart = file.length - 1 - psLength - footerLength;
  const stripe = new Map<number, number>();
  const kept: Buffer[] = [];
  readMessage(file.subarray(footerStart, footerStart + footerLength), (id, value) => {
    if (id === 3) readMessage(bytesOf(value), (field, number) => stripe.set(field, countOf(number)));
    else if (id === 4 || id === 5) kept.push(bytesField(id, bytesOf(value)));
  });
  const of = (id: number) => stripe.get(id) ?? 0;
  const [start, size] = [of(1), of(2) + of(3) + of(4)];
  const stripes = Array.from({ length: times }, (_, i) => {
    const fields = [3 + i * size, of(2), of(3), of(4), of(5)];
    return bytesField(3, Buffer.from(fields.flatMap((value, field) => [(field + 1) * 8, ...varint(value)])));
  });
  const footer = Buffer.concat([...stripes, ...kept, Buffer.from([6 * 8, ...varint(of(5) * times)])]);
  const newPs = Buffer.concat([Buffer.from([8, ...varint(footer.length), 16, 0]), bytesField(8000, Buffer.from('ORC'))]);
  const body = Array.from({ length: times }, () => file.subarray(start, start + size));
  return Buffer.concat([Buffer.from('ORC'), ...body, footer, newPs, Buffer.from([newPs.length])]);
}
