/** Edits of tables with deletion vectors (see crafted.mjs). */
import { readPuffin, writePuffin } from './puffin.mjs';

/** Vectors about files that the table does not have: below its location, and in a place that has nothing to do with it. */
export function danglingVectors(draft) {
  const [one, other] = draft.entries(1n).map(({ data_file: data }) => data);
  const { footer } = readPuffin(draft.files.get(one.file_path));
  const names = new Map([
    [one.referenced_data_file, `${draft.facts.location}/data/gone "é\\.parquet`],
    [other.referenced_data_file, 's3://nowhere/x/y.parquet'],
  ]);
  for (const { properties } of footer.blobs)
    properties['referenced-data-file'] = names.get(properties['referenced-data-file']) ?? properties['referenced-data-file'];
  const bytes = draft.files.get(one.file_path);
  const end = bytes.length - 16 - bytes.readInt32LE(bytes.length - 12);
  for (const { data_file: data } of draft.entries(1n)) {
    if (data.file_path === one.file_path)
      data.referenced_data_file = names.get(data.referenced_data_file) ?? data.referenced_data_file;
  }
  draft.replace(one.file_path, writePuffin(bytes.subarray(4, end), footer));
}

/** Vectors in another order than that of the footer, with bytes of nobody and another kind of blob between them. */
export function gaps(draft) {
  const puffins = new Map(
    draft.entries(1n).map(({ data_file: data }) => [data.file_path, readPuffin(draft.files.get(data.file_path))]),
  );
  for (const [uri, { footer, blobs }] of puffins) {
    const moved = new Map();
    const parts = [];
    let at = 4;
    const add = (bytes) => {
      parts.push(bytes);
      at += bytes.length;
      return at - bytes.length;
    };
    const sketch = { type: 'apache-datasketches-theta-v1', fields: [1], 'snapshot-id': 1, 'sequence-number': 1 };
    add(Buffer.from('no blob'));
    const last = [
      {
        ...sketch,
        offset: add(Buffer.alloc(9, 0x5a)),
        length: 9,
        properties: { ndv: '9', 'referenced-data-file': 'of another kind' },
      },
    ];
    for (const [n, blob] of [...blobs.entries()].reverse()) {
      moved.set(BigInt(footer.blobs[n].offset), BigInt(add(blob)));
      add(Buffer.alloc(n + 1, 0xff));
    }
    const vectors = footer.blobs.map((blob) => ({ ...blob, offset: Number(moved.get(BigInt(blob.offset))) }));
    draft.replace(uri, writePuffin(Buffer.concat(parts), { ...footer, blobs: [vectors[0], ...last, ...vectors.slice(1)] }));
    for (const { data_file: data } of draft.entries(1n)) {
      if (data.file_path !== uri) continue;
      data.content_offset = moved.get(data.content_offset);
      data.file_format = 'puffin';
    }
  }
}

export function packedFooter(draft) {
  for (const { data_file: data } of draft.entries(1n)) {
    const bytes = draft.files.get(data.file_path);
    const { footer } = readPuffin(bytes);
    const end = bytes.length - 12 - bytes.readInt32LE(bytes.length - 12) - 4;
    draft.replace(data.file_path, writePuffin(bytes.subarray(4, end), footer, { packed: true }));
  }
}

/** As DuckDB before June 2026, and DuckLake: a vector without a container. */
export function rawVector(draft) {
  for (const { data_file: data } of draft.entries(1n)) {
    const { blobs } = readPuffin(draft.files.get(data.file_path));
    Object.assign(data, { content_offset: 0n, content_size_in_bytes: BigInt(blobs[0].length), file_format: 'puffin' });
    draft.replace(data.file_path, blobs[0]);
  }
}
