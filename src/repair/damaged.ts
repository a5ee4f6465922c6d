import { damagedId, type Findings } from '../verify/findings.js';

/** What a check found damaged, by what can be done about it. */
export interface Damaged {
  /** Keys of metadata.json, manifest lists and manifests. */
  readonly metadata: ReadonlySet<string>;
  /** `damagedId` of inventory sections. */
  readonly sections: ReadonlySet<string>;
  /** Keys of content files. */
  readonly content: ReadonlySet<string>;
}

/** In memory: as many names as there are damaged objects. */
export async function readDamaged({ sorter }: Findings): Promise<Damaged> {
  const metadata = new Set<string>();
  const sections = new Set<string>();
  const content = new Set<string>();
  for await (const found of sorter.sorted()) {
    if (found.part === 'content') content.add(found.key);
    else if (found.part === 'section') sections.add(damagedId(found));
    else if (found.part !== 'root' && found.part !== 'record') metadata.add(found.key);
  }
  return { metadata, sections, content };
}
