import { expect } from 'vitest';
import type { AvroFile } from './avro.js';
import { comparable } from './comparable.js';
import { expectSameContent } from './expect-content.js';
import { expectSameEntry } from './expect-entry.js';
import { type Mapped, placesOf } from './places.js';
import type { WalkedManifest, WalkedTable } from './walk.js';

/**
 * A restored table is the source but for its place and the declared edits: places.ts says where each path belongs, comparable.ts what of the metadata may
 * differ, expect-entry.ts what of manifests, expect-content.ts what of content files.
 */
export function expectSameTable(restored: WalkedTable, source: WalkedTable, maps: readonly Mapped[] = []): void {
  const places = placesOf(source, restored.location, maps);
  const has = (path: string) => source.statistics.has(path);
  expect(restored.gzip).toBe(source.gzip);
  expect(comparable(restored.metadata, { map: (path) => path, has: () => true })).toEqual(
    comparable(source.metadata, { map: places.at, has }),
  );
  const rewritten = expectSameContent(restored, source, places);
  expect(restored.snapshots.map(({ id }) => id)).toEqual(source.snapshots.map(({ id }) => id));
  for (const [n, snapshot] of restored.snapshots.entries()) {
    const was = source.snapshots[n] as (typeof source.snapshots)[number];
    expect(snapshot.list?.path).toBe(was.list && places.at(was.list.path));
    expectSameHeader(snapshot.list?.header, was.list?.header);
    expect(snapshot.manifests).toHaveLength(was.manifests.length);
    for (const [m, { header, entry, entries, ...shape }] of snapshot.manifests.entries()) {
      const manifest = was.manifests[m] as WalkedManifest;
      expect(shape).toEqual({ sync: manifest.sync, blocks: manifest.blocks });
      expectSameHeader(header, manifest.header);
      const path = places.at(manifest.entry.get('manifest_path') as string);
      expect(entry).toEqual(new Map([...manifest.entry, ['manifest_path', path]]));
      expect(entries).toHaveLength(manifest.entries.length);
      for (const [e, each] of entries.entries())
        expectSameEntry(each, manifest.entries[e] as (typeof entries)[number], { places, rewritten });
    }
  }
  expect([...restored.statistics.keys()].sort()).toEqual([...source.statistics.keys()].map(places.at).sort());
  for (const [path, bytes] of source.statistics) expect(restored.statistics.get(places.at(path))?.equals(bytes), path).toBe(true);
  const targets = [restored.location, ...maps.map(({ target }) => target)];
  for (const path of restored.named)
    expect(
      targets.some((target) => path.startsWith(`${target}/`)),
      path,
    ).toBe(true);
  if (restored.location !== source.location) expectNoTrace(restored, places.roots);
}

/** Crude and therefore beyond doubt: no root of the source occurs anywhere in the metadata of its copy. */
function expectNoTrace(restored: WalkedTable, roots: readonly string[]): void {
  for (const [uri, bytes] of restored.plain) {
    for (const root of roots) expect(bytes.includes(`${root}/`), `${root} in ${uri}`).toBe(false);
  }
}

type Header = AvroFile['header'] | undefined;

/** Only the codec may change, and only where this platform cannot write it. */
function expectSameHeader(header: Header, was: Header): void {
  const codec = was?.find(([key]) => key === 'avro.codec')?.[1] ?? 'null';
  if (header && was && ['zstandard', 'bzip2'].includes(codec)) expect(withoutCodec(header)).toEqual(withoutCodec(was));
  else expect(header).toEqual(was);
}

export function withoutCodec(header: AvroFile['header']): AvroFile['header'] {
  return header.filter(([key]) => key !== 'avro.codec');
}
