import { bytesOf, CONTENT_KINDS, type ContentKind, kindOf } from '../iceberg/content-kind.js';
import type { ManifestEntry } from '../iceberg/manifest.js';

/** How much of one kind of content there is. */
export interface ContentAmount {
  /** Files; of deletion vectors, vectors. */
  readonly files: number;
  /** Rows of data files, rows of delete files, positions of vectors. */
  readonly rows: bigint;
  readonly bytes: number;
}

export type ContentAmounts = Readonly<Record<ContentKind, ContentAmount>>;

/** Sums by kind. */
export class Amounts {
  readonly #sums = new Map<ContentKind, { files: number; rows: bigint; bytes: number }>();

  add(kind: ContentKind, { files, rows, bytes }: ContentAmount): void {
    const sum = this.#sums.get(kind) ?? { files: 0, rows: 0n, bytes: 0 };
    sum.files += files;
    sum.rows += rows;
    sum.bytes += bytes;
    this.#sums.set(kind, sum);
  }

  addEntry(entry: ManifestEntry): void {
    this.add(kindOf(entry), { files: 1, rows: entry.recordCount, bytes: bytesOf(entry) });
  }

  get(): ContentAmounts {
    const none = { files: 0, rows: 0n, bytes: 0 };
    return Object.fromEntries(CONTENT_KINDS.map((kind) => [kind, { ...(this.#sums.get(kind) ?? none) }])) as Record<
      ContentKind,
      ContentAmount
    >;
  }
}
