import { damaged } from '../errors.js';

/** Wire types (Protocol Buffers, "Encoding"). */
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** The value of one field: a number, or the bytes of a text, a message or packed numbers. */
export type ProtobufValue = number | Buffer;

/**
 * Calls `field` with each field of a message, in order. Numbers must be safe integers without sign, as all of ORC's metadata are that matter
 * here; larger ones come as NaN.
 *
 * @throws BcnError `corrupt`
 */
export function readMessage(bytes: Buffer, field: (id: number, value: ProtobufValue) => void): void {
  let at = 0;
  const varint = (): number => {
    const read = readVarint(bytes, at);
    at = read.end;
    return read.value;
  };
  const take = (count: number): Buffer => {
    if (!(count <= bytes.length - at)) throw damaged('its metadata ends too early');
    at += count;
    return bytes.subarray(at - count, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const id = Math.floor(tag / 8);
    switch (tag % 8) {
      case WIRE.varint:
        field(id, varint());
        break;
      case WIRE.bytes:
        field(id, take(varint()));
        break;
      case WIRE.fixed64:
        take(8);
        break;
      case WIRE.fixed32:
        take(4);
        break;
      default:
        throw damaged('its metadata has a field of an unknown kind');
    }
  }
}

/** A number without sign; NaN when it is not safe. */
function readVarint(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let scale = 1;
  for (let at = start; at < start + 10; scale *= 0x80) {
    const byte = bytes[at++];
    if (byte === undefined) throw damaged('its metadata ends too early');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value: Number.isSafeInteger(value) ? value : Number.NaN, end: at };
  }
  throw damaged('its metadata has a number of more than 10 bytes');
}

/** Numbers as a field has them: one, or packed. */
export function numbersOf(value: ProtobufValue): readonly number[] {
  if (typeof value === 'number') return [value];
  const numbers: number[] = [];
  for (let at = 0; at < value.length; ) {
    const read = readVarint(value, at);
    numbers.push(read.value);
    at = read.end;
  }
  return numbers;
}

export function bytesOf(value: ProtobufValue): Buffer {
  if (typeof value === 'number') throw damaged('its metadata has a number in place of a message');
  return value;
}

/** A size or a count. */
export function countOf(value: ProtobufValue | undefined): number {
  if (typeof value !== 'number' || Number.isNaN(value)) throw damaged('its metadata has no sound number where one should be');
  return value;
}
