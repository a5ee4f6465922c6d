/** A table of the corpus whose manifests, lists and files are edited as values; all lengths follow. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readAvro, writeAvro } from './avro.mjs';
import { put } from './objects.mjs';

export class Draft {
  /** Files by URI. */
  files = new Map();
  /** How codecs pack that `writeAvro` does not know. */
  pack;
  #before;
  /** Manifests and lists by URI, as values; with the bytes that they would be without an edit. */
  #open = new Map();

  constructor(folder) {
    this.facts = JSON.parse(readFileSync(join(folder, 'table.json'), 'utf8'));
    for (const [at, root] of [
      ['files', this.facts.location],
      ...(this.facts.outside ?? []).map((uri, n) => [`outside/${n}`, uri]),
    ]) {
      for (const entry of readdirSync(join(folder, at), { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        this.files.set(`${root}/${path.slice(join(folder, at).length + 1)}`, readFileSync(path));
      }
    }
    this.#before = new Map(this.files);
  }

  get metadataUri() {
    return `${this.facts.location}/${this.facts.metadata}`;
  }

  get metadata() {
    return this.files.get(this.metadataUri).toString('utf8');
  }

  set metadata(text) {
    this.files.set(this.metadataUri, Buffer.from(text));
  }

  /** The list or manifest, which is written again in the end. */
  open(uri) {
    if (!this.#open.has(uri)) {
      const file = readAvro(this.files.get(uri));
      this.#open.set(uri, { file, unedited: writeAvro(file) });
    }
    return this.#open.get(uri).file;
  }

  /** URIs of all manifest lists, in the order of the snapshots. */
  get lists() {
    return [...this.metadata.matchAll(/"manifest-list"\s*:\s*"([^"]+)"/g)].map(([, uri]) => uri);
  }

  /** Every manifest of a content (0n data, 1n deletes) once. */
  manifests(content) {
    const found = this.lists.flatMap((list) => this.open(list).records.filter((record) => (record.content ?? 0n) === content));
    return [...new Set(found.map(({ manifest_path: uri }) => uri))].map((uri) => ({ uri, file: this.open(uri) }));
  }

  /** Every entry of a content of manifests. */
  entries(content) {
    return this.manifests(content).flatMap(({ file }) => file.records);
  }

  /** New bytes for a content file; all entries that name it get its size. */
  replace(uri, bytes) {
    this.files.set(uri.replace(/^s3a:/, 's3:'), bytes);
    for (const { data_file: data } of [...this.entries(0n), ...this.entries(1n)]) {
      if (data.file_path === uri) data.file_size_in_bytes = BigInt(bytes.length);
    }
  }

  /** Row counts of the lists, from the manifests. */
  countRows() {
    for (const list of this.lists) {
      for (const record of this.open(list).records) {
        const added = this.open(record.manifest_path).records.filter(({ status }) => status === 1n);
        record.added_rows_count = added.reduce((sum, { data_file: data }) => sum + data.record_count, 0n);
      }
    }
  }

  /** Writes what was edited, and the lengths of manifests into every list. */
  finish() {
    const isList = ({ schema }) => schema.fields.some(({ name }) => name === 'manifest_path');
    const close = (uri, { file, unedited }) => {
      const bytes = writeAvro(file, this.pack);
      if (!bytes.equals(unedited)) this.files.set(uri, bytes);
    };
    for (const [uri, opened] of this.#open) if (!isList(opened.file)) close(uri, opened);
    for (const [uri, opened] of this.#open) {
      if (!isList(opened.file)) continue;
      for (const record of opened.file.records) record.manifest_length = BigInt(this.files.get(record.manifest_path).length);
      close(uri, opened);
    }
  }

  /** Below `folder`: the files that differ from those of the table it began with. */
  save(folder, facts) {
    rmSync(folder, { recursive: true, force: true });
    const root = `${this.facts.location}/`;
    let changed = 0;
    for (const [uri, bytes] of this.files) {
      if (this.#before.get(uri)?.equals(bytes)) continue;
      if (!uri.startsWith(root)) throw new Error(`${uri} is not below ${root}`);
      put(join(folder, 'files', uri.slice(root.length)), bytes);
      changed++;
    }
    if (changed === 0) throw new Error(`${folder}: nothing changed`);
    put(join(folder, 'table.json'), `${JSON.stringify({ ...this.facts, ...facts }, null, 2)}\n`);
  }
}
