import { expect } from 'vitest';
import type { AvroFile } from './avro.js';
import { comparable, type WalkedTable, withoutCodec } from './walk.js';

/** A restored table is the source but for its place and the declared edits. */
export function expectSameTable(restored: WalkedTable, source: WalkedTable): void {
  expect(restored.gzip).toBe(source.gzip);
  expect(comparable(restored.metadata, restored.location)).toEqual(comparable(source.metadata, source.location));
  expect(restored.snapshots.map(({ id }) => id)).toEqual(source.snapshots.map(({ id }) => id));
  for (const [n, snapshot] of restored.snapshots.entries()) {
    const was = source.snapshots[n] as (typeof source.snapshots)[number];
    expect(snapshot.list?.path).toBe(was.list?.path);
    expectSameHeader(snapshot.list?.header, was.list?.header);
    expect(snapshot.manifests).toHaveLength(was.manifests.length);
    for (const [m, { header, ...manifest }] of snapshot.manifests.entries()) {
      const { header: wasHeader, ...wasManifest } = was.manifests[m] as (typeof was.manifests)[number];
      expect(manifest).toEqual(wasManifest);
      expectSameHeader(header, wasHeader);
    }
  }
  expect([...restored.live.keys()].sort()).toEqual([...source.live.keys()].sort());
  for (const [path, bytes] of restored.live) expect(bytes.equals(source.live.get(path) as Buffer), path).toBe(true);
}

type Header = AvroFile['header'] | undefined;

function expectSameHeader(header: Header, was: Header): void {
  const codec = was?.find(([key]) => key === 'avro.codec')?.[1] ?? 'null';
  if (header && was && ['zstandard', 'bzip2'].includes(codec)) expect(withoutCodec(header)).toEqual(withoutCodec(was));
  else expect(header).toEqual(was);
}
