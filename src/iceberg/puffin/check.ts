import type { ManifestEntry } from '../manifest.js';
import type { Puffin } from './file.js';
import type { PuffinBlob } from './footer.js';

/** What a manifest says of a deletion vector: fields 143, 144, 145, 103. */
export type VectorEntry = Pick<ManifestEntry, 'referencedDataFile' | 'contentOffset' | 'contentSize' | 'recordCount'>;

/** Something that a manifest and the file it names disagree about. */
export interface VectorFinding {
  readonly kind: 'place' | 'type' | 'data-file' | 'cardinality';
  /** A sentence without its subject, the deletion vector. */
  readonly message: string;
}

const VECTOR = 'deletion-vector-v1';

/**
 * A check of the manifest entries that name one file of deletion vectors: that each says where its blob lies, as the footer does, and
 * names the data file that the footer names (Iceberg specification, "Data File Fields", notes 5 and 6). The blob itself: `checkVector`.
 *
 * Readers go by the manifest (Java, DuckDB) or by the footer (pyiceberg): where they disagree, so do the rows.
 */
export function vectorChecker(puffin: Puffin): (entry: VectorEntry) => readonly VectorFinding[] {
  const blobs = new Map<string, PuffinBlob>();
  if (puffin.kind === 'puffin') for (const blob of puffin.footer.blobs) blobs.set(`${blob.offset}:${blob.length}`, blob);
  return (entry) => {
    const { contentOffset: offset, contentSize: length } = entry;
    if (offset === undefined || length === undefined)
      return [{ kind: 'place', message: 'has no content_offset or no content_size_in_bytes in its manifest' }];
    const where = `${length} bytes at ${offset}`;
    const [from, to] = puffin.kind === 'raw' ? [0, puffin.size] : [4, puffin.footer.start];
    if (offset < from || length < 0n || offset + length > to)
      return [{ kind: 'place', message: `lies outside of its file: ${where}, of ${puffin.size}` }];
    const findings = entry.referencedDataFile === undefined ? [noDataFile('manifest')] : [];
    if (puffin.kind === 'raw') return findings;
    const blob = blobs.get(`${offset}:${length}`);
    if (blob === undefined) return [...findings, { kind: 'place', message: `is not in the footer of its file (${where})` }];
    return [...findings, ...compare(entry, blob)];
  };
}

function compare(entry: VectorEntry, blob: PuffinBlob): readonly VectorFinding[] {
  const findings: VectorFinding[] = [];
  if (blob.type !== VECTOR) findings.push({ kind: 'type', message: `is of type ${JSON.stringify(blob.type)} in the footer` });
  if (blob.compressionCodec !== undefined)
    findings.push({ kind: 'type', message: `is packed (${JSON.stringify(blob.compressionCodec)}) by the footer` });
  if (blob.referencedDataFile === undefined) findings.push(noDataFile('footer'));
  else if (entry.referencedDataFile !== undefined && entry.referencedDataFile !== blob.referencedDataFile)
    findings.push({
      kind: 'data-file',
      message: `is for ${entry.referencedDataFile} by the manifest, for ${blob.referencedDataFile} by the footer`,
    });
  if (blob.cardinality !== undefined && blob.cardinality !== entry.recordCount.toString())
    findings.push({
      kind: 'cardinality',
      message: `deletes ${entry.recordCount} rows by the manifest, ${blob.cardinality} by the footer`,
    });
  return findings;
}

function noDataFile(where: string): VectorFinding {
  return { kind: 'data-file', message: `names no data file in its ${where}` };
}
