import type { StoredObject } from './commit.js';
import { type InventoryFile, PackWriter } from './inventory.js';
import type { Section } from './root.js';

/** An inventory line waiting for its section; `k` sorts by manifest, then path. */
export interface PlacedFile {
  readonly k: string;
  /** Which manifest, by a number that its writer gives it. */
  readonly n: number;
  readonly file: InventoryFile;
}

export const placedKey = (n: number, path: string): string => `${String(n).padStart(10, '0')}${path}`;

export interface WrittenSection {
  readonly section: Section;
  /** How many of its files are missing. */
  readonly missing: number;
}

/** Writes the sections of these lines, in packs; those of a manifest come together, sorted; `put` stores an object of the run. Returns the section of each manifest that has live files. */
export async function writeSections(
  placed: AsyncIterable<PlacedFile>,
  put: (name: string, bytes: Buffer) => Promise<StoredObject>,
): Promise<ReadonlyMap<number, WrittenSection>> {
  const sections = new Map<number, WrittenSection>();
  let packs = 0;
  const writer = new PackWriter(async (bytes) => (await put(`pack-${packs++}.ndjson.gz`, bytes)).key);
  let n = -1;
  let members: InventoryFile[] = [];
  const close = async () => {
    const manifest = n;
    const missing = members.filter((file) => file.missing).length;
    if (members.length > 0) await writer.add(members, (section) => sections.set(manifest, { section, missing }));
    members = [];
  };
  for await (const line of placed) {
    if (line.n !== n) await close();
    n = line.n;
    members.push(line.file);
  }
  await close();
  await writer.flush();
  return sections;
}
