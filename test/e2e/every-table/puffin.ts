/** The `referenced-data-file` of every blob that a Puffin file's footer describes; shares nothing with src/. */
export function puffinPaths(file: Buffer): string[] {
  const magic = (at: number) => file.subarray(at, at + 4).toString('latin1');
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
