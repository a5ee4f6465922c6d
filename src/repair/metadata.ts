import { isCode } from '../errors.js';
import { rewriteManifest } from '../iceberg/manifest.js';
import { rewriteManifestList } from '../iceberg/manifest-list.js';
import { inflateMetadata } from '../iceberg/metadata.js';
import { abstractPath, concretePath } from '../iceberg/paths.js';
import { rewriteMetadata } from '../iceberg/rewrite-metadata.js';
import type { StoredObject } from '../repository/commit.js';
import { sha256 } from '../repository/keys.js';
import type { Root } from '../repository/root.js';
import { type MendContext, putMeta } from './root.js';

/** Abstracts metadata files of the source again, each once however many ROOTs name it. */
export class MetadataMender {
  readonly #context: MendContext;
  /** By the key that is damaged; null = it could not be brought. */
  readonly #brought = new Map<string, Promise<StoredObject | null>>();

  constructor(context: MendContext) {
    this.#context = context;
  }

  /** The ROOT with new keys for what could be brought; itself when nothing could. */
  async mend(root: Root): Promise<Root> {
    const { location } = root;
    const path = (p: string) => abstractPath(p, location);
    const lengths = new Map(root.manifests.map((manifest) => [concretePath(manifest.path, location), manifest.length]));
    const metadata = await this.#one(root.metadata, root.metadataLocation, 'metadata.json', async (bytes, uri) => {
      return rewriteMetadata((await inflateMetadata(bytes, uri)).bytes, uri, { path }).bytes;
    });
    const lists = [];
    for (const list of root.lists) {
      const uri = concretePath(list.path, location);
      const rewrite = (bytes: Buffer) =>
        rewriteManifestList(bytes, uri, { path, length: (p, recorded) => lengths.get(p) ?? recorded });
      lists.push(await this.#one(list, uri, `lists/${list.snapshot}.avro`, rewrite));
    }
    const manifests = [];
    for (const manifest of root.manifests) {
      const uri = concretePath(manifest.path, location);
      const name = `manifests/${sha256(manifest.key).slice(0, 16)}.avro`;
      manifests.push(await this.#one(manifest, uri, name, (bytes) => rewriteManifest(bytes, uri, { path }, () => {})));
    }
    const same = <T>(a: readonly T[], b: readonly T[]) => a.every((one, i) => one === b[i]);
    if (metadata === root.metadata && same(lists, root.lists) && same(manifests, root.manifests)) return root;
    return { ...root, metadata, lists, manifests };
  }

  async #one<T extends StoredObject>(
    stored: T,
    uri: string,
    name: string,
    rewrite: (bytes: Buffer, uri: string) => Promise<Buffer>,
  ): Promise<T> {
    if (!this.#context.damaged.metadata.has(stored.key)) return stored;
    const known = this.#brought.get(stored.key) ?? this.#bring(stored, uri, name, rewrite);
    this.#brought.set(stored.key, known);
    const found = await known;
    return found ? { ...stored, ...found } : stored;
  }

  async #bring(
    stored: StoredObject,
    uri: string,
    name: string,
    rewrite: (bytes: Buffer, uri: string) => Promise<Buffer>,
  ): Promise<StoredObject | null> {
    const { deps, brought, call } = this.#context;
    const { store, key } = deps.source.resolve(uri);
    try {
      const bytes = await rewrite((await store.get(key, call)).bytes, uri);
      if (sha256(bytes) === stored.sha256) {
        brought.metadata++;
        return await putMeta(`${this.#brought.size}/${name}`, bytes, this.#context);
      }
      deps.report.warn(`${uri} cannot mend the backup: it gives other bytes than it did`, { object: uri });
    } catch (error) {
      if (!isCode(error, 'object-not-found', 'bucket-not-found', 'corrupt', 'unsupported', 'object-archived')) throw error;
      deps.report.warn(`${uri} cannot mend the backup: ${error.message}`, { object: uri });
    }
    return null;
  }
}
