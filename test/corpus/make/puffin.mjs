/** Puffin files by hand: the parts of one, a packed footer, gaps. */
const MAGIC = Buffer.from('PFA1');

/** @returns {{ footer: any, blobs: Buffer[] }} */
export function readPuffin(bytes) {
  const length = bytes.readInt32LE(bytes.length - 12);
  const footer = JSON.parse(bytes.subarray(bytes.length - 12 - length, bytes.length - 12).toString('utf8'));
  return { footer, blobs: footer.blobs.map(({ offset, length }) => bytes.subarray(offset, offset + length)) };
}

/** @param {Buffer} body between the first magic and the footer; `footer` names offsets in the file */
export function writePuffin(body, footer, { packed = false } = {}) {
  const json = Buffer.from(JSON.stringify(footer));
  const payload = packed ? frame(json) : json;
  const end = Buffer.alloc(8);
  end.writeInt32LE(payload.length);
  end.writeUInt32LE(packed ? 1 : 0, 4);
  return Buffer.concat([MAGIC, body, MAGIC, payload, end, MAGIC]);
}

/** An LZ4 frame with its content size, as the Puffin specification wants it, and one packed block, which has literals only. */
function frame(content) {
  const head = Buffer.alloc(10);
  head[0] = 0x68;
  head[1] = 0x40;
  head.writeBigUInt64LE(BigInt(content.length), 2);
  const lengths = [];
  for (let rest = content.length - 15; ; rest -= 255) {
    if (rest < 255) {
      lengths.push(rest);
      break;
    }
    lengths.push(255);
  }
  const block = Buffer.concat([Buffer.from([0xf0, ...lengths]), content]);
  return Buffer.concat([
    uint32(0x184d2204),
    head,
    Buffer.from([(xxh32(head) >>> 8) & 0xff]),
    uint32(block.length),
    block,
    uint32(0),
  ]);
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Of fewer than 16 bytes, seed 0 (xxHash specification). */
function xxh32(bytes) {
  const [p1, p2, p3, p4, p5] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1];
  const rotate = (value, by) => (value << by) | (value >>> (32 - by));
  let hash = (p5 + bytes.length) | 0;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) hash = Math.imul(rotate((hash + Math.imul(bytes.readUInt32LE(at), p3)) | 0, 17), p4);
  for (; at < bytes.length; at++) hash = Math.imul(rotate((hash + Math.imul(bytes[at], p5)) | 0, 11), p1);
  hash = Math.imul(hash ^ (hash >>> 15), p2);
  hash = Math.imul(hash ^ (hash >>> 13), p3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
