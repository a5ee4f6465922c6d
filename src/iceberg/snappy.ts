/**
 * Unpacks one raw Snappy block (format_description.txt of Snappy 1.2). Never reads or writes outside of its buffers; its work is in
 * proportion to what it reads and writes.
 *
 * Not snappyjs and not hyparquet's: there a literal of more than 2 GiB has a negative length, and the decoder steps back for ever.
 *
 * @param size bytes that must come out; undefined: as many as the block says, of which there are 64 at most for every 2 bytes of it
 * @throws Error for bytes that are no sound block
 */
export function unpackSnappy(block: Buffer, size?: number): Buffer {
  let i = 0;
  let stated = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = block[i++];
    if (byte === undefined || shift > 28) throw new Error('it has no length');
    stated += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (size !== undefined && stated !== size) throw new Error(`it says ${stated} bytes where ${size} should be`);
  if (stated > block.length * 32) throw new Error('it says it is larger than it can be');
  const out = Buffer.allocUnsafe(stated);
  let o = 0;
  while (i < block.length) {
    const tag = block[i++] as number;
    const kind = tag & 3;
    if (kind === 0) {
      let length = tag >>> 2;
      if (length >= 60) {
        const bytes = length - 59;
        if (bytes > block.length - i) throw ended();
        length = block.readUIntLE(i, bytes);
        i += bytes;
      }
      length++;
      if (length > block.length - i) throw ended();
      if (length > stated - o) throw tooLong();
      block.copy(out, o, i, i + length);
      i += length;
      o += length;
      continue;
    }
    const bytes = kind === 3 ? 4 : kind;
    if (bytes > block.length - i) throw ended();
    const low = block.readUIntLE(i, bytes);
    i += bytes;
    const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const distance = kind === 1 ? ((tag >>> 5) << 8) | low : low;
    if (distance === 0 || distance > o) throw new Error('it refers to bytes before its beginning');
    if (length > stated - o) throw tooLong();
    if (distance >= length) out.copyWithin(o, o - distance, o - distance + length);
    else for (let k = 0; k < length; k++) out[o + k] = out[o + k - distance] as number;
    o += length;
  }
  if (o !== stated) throw ended();
  return out;
}

function ended() {
  return new Error('it ends too early');
}

function tooLong() {
  return new Error('it unpacks to more bytes than it says');
}
