/** The `referenced-data-file` of every blob that a Puffin file's footer describes; shares nothing with src/. */
export function puffinPaths(file: Buffer): string[] {
  const magic = (at: number) => file.subarray(at, at + 4).toString('latin1');
  // Some writers leave the bare vector, without a container: it names nothing.
  if (magic(0) !== 'PFA1' && magic(4) === '\xd1\xd39d') return [];
  if (magic(0) !== 'PFA1' || magic(file.length - 4) !== 'PFA1') throw new Error('not a Puffin file');
  const end = file.length - 12;
  const length = file.readInt32LE(end);
  if (magic(end - length - 4) !== 'PFA1') throw new Error('no magic before the footer');
  if (file.readInt32LE(end + 4) !== 0) throw new Error('flags: the footer is compressed, which no writer of these tables does');
  const { blobs } = JSON.parse(file.subarray(end - length, end).toString('utf8')) as {
    readonly blobs: readonly { readonly properties?: Readonly<Record<string, string>> }[];
  };
  return blobs.flatMap(({ properties }) => properties?.['referenced-data-file'] ?? []);
}

/** A Puffin file of one vector, which begins behind bytes that no blob describes. */
export function puffinWithGap(vector: Buffer, dataFile: string): Buffer {
  const magic = Buffer.from('PFA1', 'latin1');
  const gap = Buffer.alloc(37, 0xab);
  const blob = {
    type: 'deletion-vector-v1',
    fields: [2147483645],
    'snapshot-id': -1,
    'sequence-number': -1,
    offset: magic.length + gap.length,
    length: vector.length,
    properties: { 'referenced-data-file': dataFile, cardinality: '1' },
  };
  const payload = Buffer.from(JSON.stringify({ blobs: [blob], properties: { 'created-by': 'somebody else' } }), 'utf8');
  const sizeAndFlags = Buffer.alloc(8);
  sizeAndFlags.writeInt32LE(payload.length);
  return Buffer.concat([magic, gap, vector, magic, payload, sizeAndFlags, magic]);
}
