import { gzipSync } from 'node:zlib';
import { BcnError } from '../errors.js';
import { type ManifestContext, type RewrittenFile, rewriteManifest } from '../iceberg/manifest.js';
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
import type { Claim } from './claim.js';
import type { RewrittenDelete } from './delete-files.js';
import type { TargetLayout } from './layout.js';
import type { Manifests } from './manifests.js';
import { type PutContext, put } from './put.js';
import type { SourceTable } from './source.js';

export interface WriteContext extends PutContext {
  readonly place: RepositoryPlace;
  readonly root: Root;
  readonly manifests: Manifests;
  /** What manifests have to say of delete files that were written anew. */
  readonly deletes: Sorter<RewrittenDelete>;
  readonly report: Reporter;
}

const PARALLEL = 8;

/** Writes manifests, then manifest lists, each once, concrete for the target. Returns where each list went, by its abstract path. */
export async function writeTree(context: WriteContext): Promise<ReadonlyMap<string, string>> {
  const { layout, root, place, call } = context;
  const manifests = new Map<string, { uri: string; length: number }>();
  const writeManifest = async ({ manifest, deletes }: WithDeletes) => {
    const bytes = await context.manifests.read(manifest);
    const rewritten = await rewriteManifest(bytes, manifest.path, manifestContext(context, deletes), undefined, call.signal);
    return { manifest, ...(await put(layout.uriOf(manifest.path), rewritten, context)) };
  };
  for await (const { manifest, uri, length } of parallel(withDeletes(context), writeManifest, PARALLEL)) {
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
    return { list, ...(await put(layout.uriOf(list.path), rewritten, context)) };
  };
  const moved = new Map<string, string>([...manifests].map(([abstract, { uri }]) => [abstract, uri]));
  for await (const { list, uri } of parallel(root.lists, writeList, PARALLEL)) moved.set(list.path, uri);
  return moved;
}

interface WithDeletes {
  readonly manifest: RootManifest;
  /** By abstract path. */
  readonly deletes: ReadonlyMap<string, RewrittenDelete>;
}

/** Each manifest with what is known of its delete files: a join of two streams in the order of the ROOT. */
async function* withDeletes({ root, deletes }: WriteContext): AsyncGenerator<WithDeletes> {
  const facts = deletes.sorted();
  let next = await facts.next();
  for (const [n, manifest] of root.manifests.entries()) {
    const own = new Map<string, RewrittenDelete>();
    for (; !next.done && next.value.n === n; next = await facts.next()) own.set(next.value.path, next.value);
    yield { manifest, deletes: own };
  }
  await facts.return(undefined);
}

/** How the entries of a manifest change. Paths of files are abstract; so are those that deletes refer to, and their bounds. */
function manifestContext({ layout, root }: WriteContext, deletes: ReadonlyMap<string, RewrittenDelete>): ManifestContext {
  const facts = new Map<string, RewrittenFile>();
  for (const [path, { size, format, columnSizes, splitOffsets }] of deletes) {
    facts.set(path, {
      size,
      ...(format !== undefined && { format }),
      ...(columnSizes !== undefined && { columnSizes: columnSizes && new Map(columnSizes) }),
      ...(splitOffsets !== undefined && { splitOffsets }),
    });
  }
  const sourcePath = (abstract: string) => concretePath(abstract, root.location);
  const path = (abstract: string) => deletes.get(abstract)?.uri ?? layout.uriOf(abstract);
  if (!root.manifests.some((manifest) => manifest.deletes)) return { path };
  return {
    path,
    referenced: (abstract) => layout.referenced(sourcePath(abstract)),
    rewritten: (file) => facts.get(file),
    bounds: ({ lower, upper }, file) => {
      const known = deletes.get(file)?.paths;
      // Full, and of this very file; one that was not recorded is not invented.
      if (known !== undefined) return known === null ? undefined : { lower: lower && known.lower, upper: upper && known.upper };
      return layout.placeBounds({ lower: lower && sourcePath(lower), upper: upper && sourcePath(upper) });
    },
  };
}

export interface ConcreteMetadata {
  readonly bytes: Buffer;
  readonly metadata: TableMetadata;
  readonly edits: readonly MetadataEdit[];
  /** URI of the metadata file. */
  readonly uri: string;
}

/** The metadata of the restored table: paths mapped, metadata-log emptied, table-uuid as claimed; no other byte changes (law 5). `moved` = files that went to another name than their own, by abstract path. */
export function concreteMetadata(
  { bytes: source, edits: before, root }: SourceTable,
  layout: TargetLayout,
  claim: Claim,
  moved: ReadonlyMap<string, string> = new Map(),
): ConcreteMetadata {
  const path = (from: string) => {
    const abstract = abstractPath(from, root.location);
    // An empty place is none.
    return moved.get(abstract) ?? (from === '' ? from : layout.uriOf(abstract));
  };
  const keeps = root.uuid === claim.table_uuid;
  const edits = { clearMetadataLog: true, ...(keeps ? {} : { tableUuid: claim.table_uuid }) };
  const { bytes, edits: made } = rewriteMetadata(source, root.metadataLocation, { path, edits });
  const metadata = readMetadata(bytes, root.metadataLocation);
  const folder = (metadata.properties.get('write.metadata.path') || `${layout.location}/metadata`).replace(/\/+$/, '');
  return { bytes, metadata, edits: [...before, ...made], uri: `${folder}/${claim.metadata_file}` };
}

/** Writes the metadata file. */
export async function writeMetadata(concrete: ConcreteMetadata, context: WriteContext): Promise<void> {
  const bytes = context.root.metadata.gzip ? gzipSync(concrete.bytes) : concrete.bytes;
  const { uri } = await put(concrete.uri, bytes, context);
  if (uri === concrete.uri) return;
  throw new BcnError('target-not-empty', `There is another object in the place of the table's metadata: ${concrete.uri}`, {
    object: concrete.uri,
    hint: 'Remove what an earlier attempt left (same command with --abort), then run the command again.',
  });
}
