import { gzipSync } from 'node:zlib';
import { BcnError, isCode } from '../errors.js';
import { rewriteManifest } from '../iceberg/manifest.js';
import { rewriteManifestList } from '../iceberg/manifest-list.js';
import { readMetadata, type TableMetadata } from '../iceberg/metadata.js';
import { abstractPath, concretePath } from '../iceberg/paths.js';
import { type MetadataEdit, rewriteMetadata } from '../iceberg/rewrite-metadata.js';
import { parallel } from '../parallel.js';
import type { Reporter } from '../report.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { Root, RootList, RootManifest } from '../repository/root.js';
import { readStored } from '../repository/stored.js';
import type { Sorter } from '../spill/sorter.js';
import { createOnce } from '../storage/create-once.js';
import type { CallOptions } from '../storage/port.js';
import type { Claim } from './claim.js';
import type { TargetFile } from './files.js';
import type { TargetLayout } from './layout.js';

export interface WriteContext {
  readonly place: RepositoryPlace;
  readonly root: Root;
  readonly layout: TargetLayout;
  /** Gets every object written, for the length check. */
  readonly expected: Sorter<TargetFile>;
  readonly report: Reporter;
  readonly call: CallOptions;
}

const PARALLEL = 8;
/** How many names are tried for a rewritten file when an earlier attempt left other bytes (another zlib) under the first ones. */
const VARIANTS = 8;

/** Writes manifests, then manifest lists, each once, concrete for the target. Returns where each list went, by its first path in the target. */
export async function writeTree(context: WriteContext): Promise<ReadonlyMap<string, string>> {
  const { layout, root, place, call } = context;
  const path = (abstract: string) => layout.at(abstract).uri;
  const manifests = new Map<string, { uri: string; length: number }>();
  const writeManifest = async (manifest: RootManifest) => {
    const bytes = await readStored(place, manifest, call);
    return { manifest, ...(await put(manifest.path, await rewriteManifest(bytes, manifest.path, { path }), context)) };
  };
  for await (const { manifest, uri, length } of parallel(root.manifests, writeManifest, PARALLEL)) {
    manifests.set(manifest.path, { uri, length });
    context.report.progress({ phase: 'writing manifests', done: manifests.size, total: root.manifests.length });
  }
  const written = (abstract: string) => {
    const found = manifests.get(abstract);
    if (found) return found;
    throw new BcnError('corrupt', `The backup's manifest lists name a manifest that the backup does not hold: ${abstract}`, {
      object: abstract,
    });
  };
  const writeList = async (list: RootList) => {
    const bytes = await readStored(place, list, call);
    const rewritten = await rewriteManifestList(bytes, list.path, {
      path: (p) => written(p).uri,
      length: (p) => written(p).length,
    });
    return { list, ...(await put(list.path, rewritten, context)) };
  };
  const moved = new Map<string, string>([...manifests].map(([abstract, { uri }]) => [abstract, uri]));
  for await (const { list, uri } of parallel(root.lists, writeList, PARALLEL)) moved.set(list.path, uri);
  return moved;
}

export interface ConcreteMetadata {
  readonly bytes: Buffer;
  readonly metadata: TableMetadata;
  readonly edits: readonly MetadataEdit[];
  /** URI of the metadata file. */
  readonly uri: string;
}

/** The metadata of the restored table: paths mapped, metadata-log emptied, table-uuid as claimed; no other byte changes (law 5). `moved` = files that went to another name than their own. */
export function concreteMetadata(
  abstract: Buffer,
  root: Root,
  layout: TargetLayout,
  claim: Claim,
  moved: ReadonlyMap<string, string> = new Map(),
): ConcreteMetadata {
  const path = (p: string, where: string) => {
    if (where.startsWith('metadata-log')) return concretePath(p, layout.location);
    return moved.get(p) ?? (where.startsWith('snapshots') ? layout.at(p).uri : concretePath(p, layout.location));
  };
  const keeps = root.uuid === claim.table_uuid;
  const edits = { clearMetadataLog: true, ...(keeps ? {} : { tableUuid: claim.table_uuid }) };
  const { bytes, edits: made } = rewriteMetadata(abstract, root.metadata.path, { path, edits });
  const metadata = readMetadata(bytes, root.metadata.path);
  const folder = (metadata.properties.get('write.metadata.path') ?? `${layout.location}/metadata`).replace(/\/+$/, '');
  return { bytes, metadata, edits: made, uri: `${folder}/${claim.metadata_file}` };
}

/** Writes the metadata file. */
export async function writeMetadata(concrete: ConcreteMetadata, context: WriteContext): Promise<void> {
  const bytes = context.root.metadata.gzip ? gzipSync(concrete.bytes) : concrete.bytes;
  const abstract = abstractPath(concrete.uri, context.layout.location);
  const { uri } = await put(abstract, bytes, context);
  if (uri === concrete.uri) return;
  throw new BcnError('target-not-empty', `There is another object in the place of the table's metadata: ${concrete.uri}`, {
    object: concrete.uri,
    hint: 'Remove what an earlier attempt left (same command with --abort), then run the command again.',
  });
}

/** Creates a rewritten file; where an earlier attempt left other bytes it takes the next name, since a file may have been read by its name. */
async function put(
  abstract: string,
  bytes: Buffer,
  context: WriteContext,
): Promise<{ readonly uri: string; readonly length: number }> {
  for (let variant = 0; ; variant++) {
    const name = variantName(abstract, variant);
    const { uri, store, key } = context.layout.at(name);
    try {
      await createOnce(store, key, bytes, context.call);
      await context.expected.add({ k: key, size: bytes.length, path: name });
      return { uri, length: bytes.length };
    } catch (error) {
      if (!isCode(error, 'object-exists') || variant === VARIANTS) throw error;
    }
  }
}

/** `a/b.avro`, `a/b-r1.avro`, `a/b-r2.avro`, … */
function variantName(path: string, variant: number): string {
  if (variant === 0) return path;
  const dot = path.lastIndexOf('.');
  return dot > path.lastIndexOf('/') ? `${path.slice(0, dot)}-r${variant}${path.slice(dot)}` : `${path}-r${variant}`;
}

/** The name that a variant was made from, or the path itself. */
export const originalName = (path: string): string => path.replace(/-r\d+(\.[^./]*)?$/, '$1');
