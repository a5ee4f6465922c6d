import type { ManifestEntry } from './manifest.js';

/** What a content file holds; `vectors`: deletion vectors, of which one file may hold several. */
export const CONTENT_KINDS = ['data', 'position-deletes', 'equality-deletes', 'vectors'] as const;
export type ContentKind = (typeof CONTENT_KINDS)[number];

export function kindOf({ content, format }: Pick<ManifestEntry, 'content' | 'format'>): ContentKind {
  if (content === 0) return 'data';
  if (content === 2) return 'equality-deletes';
  return format.toLowerCase() === 'puffin' ? 'vectors' : 'position-deletes';
}

/** Bytes that an entry stands for: of a deletion vector its own, since its file may hold others. */
export function bytesOf(entry: Pick<ManifestEntry, 'content' | 'format' | 'size' | 'contentSize'>): number {
  return kindOf(entry) === 'vectors' && entry.contentSize !== undefined ? Number(entry.contentSize) : entry.size;
}
