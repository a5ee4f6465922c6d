import { createHash, randomBytes } from 'node:crypto';
import { BcnError } from '../errors.js';

/** Which part of the content files is read: a share of them by chance, one of several groups that never change, or about so many bytes by chance. */
export type Subset =
  | { readonly kind: 'share'; readonly share: number }
  | { readonly kind: 'group'; readonly n: number; readonly of: number }
  | { readonly kind: 'bytes'; readonly bytes: number };

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Reads `5%`, `2/7` or `10G`, as restic does. Throws `usage`. */
export function parseSubset(text: string): Subset {
  const percent = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text)?.[1];
  if (percent !== undefined && Number(percent) > 0 && Number(percent) <= 100)
    return { kind: 'share', share: Number(percent) / 100 };
  const [, n, of] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? [];
  if (n !== undefined && Number(n) > 0 && Number(n) <= Number(of)) return { kind: 'group', n: Number(n), of: Number(of) };
  const [, size, unit] = /^(\d{1,12})([KMGT]?)$/i.exec(text) ?? [];
  const bytes = Number(size) * (UNITS[(unit ?? '').toUpperCase()] ?? 1);
  if (size !== undefined && bytes > 0 && Number.isSafeInteger(bytes)) return { kind: 'bytes', bytes };
  throw new BcnError('usage', `--read-data-subset ${JSON.stringify(text)} is no part of the data`, {
    hint: 'Write 5% (a share, by chance), 2/7 (the second of seven parts, the same each time) or 10G (about so many bytes, by chance).',
  });
}

/** A content file as a subset sees it. */
export interface Choosable {
  /** What names it for ever: its key in the repository, or its URI in the source. */
  readonly id: string;
  /** bytes */
  readonly size: number;
}

/** Decides for each file whether it is read. `files`: all there are, read once. Of a share or of bytes by chance at least one file is read. */
export async function chooser(subset: Subset, files: AsyncIterable<Choosable>): Promise<(id: string) => boolean> {
  if (subset.kind === 'group') return (id) => Math.floor(fraction('', id) * subset.of) === subset.n - 1;
  const seed = randomBytes(16).toString('hex');
  let total = 0;
  let first: { readonly id: string; readonly at: number } | undefined;
  for await (const { id, size } of files) {
    total += size;
    const at = fraction(seed, id);
    if (!first || at < first.at) first = { id, at };
  }
  const share = subset.kind === 'share' ? subset.share : subset.bytes / Math.max(total, 1);
  return (id) => id === first?.id || fraction(seed, id) < share;
}

/** A number in [0, 1) that an id always has under a seed. */
function fraction(seed: string, id: string): number {
  return createHash('sha256').update(`${seed}\n${id}`).digest().readUIntBE(0, 6) / 2 ** 48;
}
