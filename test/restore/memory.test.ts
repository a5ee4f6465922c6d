/** Law 13: memory is flat in the number of files. Ten thousand delete files go through backup and restore, and few of them are anywhere at any moment. */
import type { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, expect, test, vi } from 'vitest';
import { Sorter } from '../../src/spill/sorter.js';
import { MemoryService, MemoryStore } from '../../src/storage/memory/memory-store.js';
import type { CallOptions, ReadOptions, WriteResult } from '../../src/storage/port.js';
import { parquetDeletes, puffinOf, vectorPieces } from '../museum/deletes.js';
import { at, data, lay, type Piece } from '../museum/lay.js';
import { World } from '../support/world.js';

const FILES = 10_000;
const PER_MANIFEST = 500;
/** Padding of half of the files: all of them together would be 160 MB. */
const PADDING = 32 * 1024;
/** What is known of 10,000 rewritten files, and the plan, are some MB; garbage that is not collected yet is some more. */
const MOST = 40 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are in use. Buffers that the first collection finds unused are freed beside the program, on a busy machine some time later; the second waits for that. */
function inUse(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const isDelete = (key: string) => key.includes('/deletes/');

/** Delete files that were read and are not written yet, and the memory in use on the way. */
class Watch {
  readonly open = new Set<string>();
  most = 0;
  reads = 0;
  readonly samples: number[] = [];

  begin(name: string): void {
    this.open.add(name);
    this.most = Math.max(this.most, this.open.size);
    if (++this.reads % 1500 === 0) this.samples.push(inUse());
  }
}

let watch = new Watch();
const nameOf = (key: string) => key.slice(key.lastIndexOf('/') + 1);

/** Keeps no bytes of its own: what is given is kept as it is (`share`), or forgotten but for its length. */
class LeanStore extends MemoryStore {
  readonly #objects: NonNullable<ReturnType<MemoryService['buckets']['get']>>;
  readonly #name: 'src' | 'repo' | 'wh';
  /** Reads end the watch of a file: nothing is written. */
  readonly #readOnly: () => boolean;

  constructor(name: 'src' | 'repo' | 'wh', service: MemoryService, readOnly: () => boolean) {
    super(name, { service });
    this.#name = name;
    this.#objects = service.buckets.get(this.uri) as NonNullable<ReturnType<MemoryService['buckets']['get']>>;
    this.#readOnly = readOnly;
  }

  override async read(key: string, options?: ReadOptions): Promise<Readable> {
    const body = await super.read(key, options);
    if (isDelete(key)) watch.begin(nameOf(key));
    if (this.#readOnly()) body.once('close', () => watch.open.delete(nameOf(key)));
    return body;
  }

  override async create(key: string, bytes: Uint8Array, options?: CallOptions): Promise<WriteResult> {
    const result = await super.create(key, bytes, options);
    const entry = this.#objects.get(key);
    if (!isDelete(key) || entry === undefined) return result;
    this.#objects.set(key, { ...entry, bytes: this.#name === 'src' ? (bytes as Buffer) : ZEROS.subarray(0, bytes.length) });
    watch.open.delete(nameOf(key));
    return result;
  }
}

const ZEROS = Buffer.alloc(PADDING * 2);
let world: World;
let writing = false;

beforeAll(async () => {
  const service = new MemoryService();
  const place = (name: 'src' | 'repo' | 'wh') => ({
    uri: `memory://${name}`,
    store: new LeanStore(name, service, () => !writing),
  });
  world = await World.open({ places: { src: place('src'), repo: place('repo'), wh: place('wh') } });
  const file = data(at('a.parquet'), ['a', 'b', 'c']);
  const bytes = parquetDeletes([[file.path, 1]]);
  const puffin = puffinOf({ [file.path]: [2] }, { gap: Buffer.alloc(PADDING / 2) });
  const piece = (n: number): readonly Piece[] =>
    n % 2 === 0
      ? [{ path: at(`deletes/${n}.parquet`), bytes, data: { content: 1 } }]
      : vectorPieces(at(`deletes/${n}.puffin`), puffin);
  const manifests = Array.from({ length: FILES / PER_MANIFEST }, (_, m) => ({
    pieces: Array.from({ length: PER_MANIFEST }, (_, i) => piece(m * PER_MANIFEST + i)).flat(),
  }));
  await lay(world, { formatVersion: 3, snapshots: [{ id: 1n, manifests: [{ pieces: [file] }, ...manifests] }] });
}, 120_000);

function expectFlat(atOnce: number): void {
  expect(watch.reads).toBeGreaterThanOrEqual(FILES);
  expect(watch.most).toBeLessThanOrEqual(atOnce);
  expect(watch.open.size).toBe(0);
  const [first, ...later] = watch.samples as [number, ...number[]];
  expect(later.length).toBeGreaterThan(3);
  expect(Math.max(...later) - first).toBeLessThan(MOST);
}

test('a backup looks into 16 delete files at once, and keeps none', async () => {
  watch = new Watch();
  await world.backup({ jobs: 4 });
  expectFlat(16);
}, 120_000);

test('a restore has 8 delete files in hand at once, and what it knows of them goes through the sorter', async () => {
  watch = new Watch();
  writing = true;
  const original = Sorter.prototype.add;
  const added = new Map<object, number>();
  const add = vi.spyOn(Sorter.prototype, 'add').mockImplementation(async function (this: object, record) {
    if (typeof record === 'object' && 'uri' in record && 'n' in record) added.set(this, (added.get(this) ?? 0) + 1);
    return original.call(this as Sorter<typeof record>, record);
  });
  const { plan } = await world.restore();
  add.mockRestore();
  expect(plan?.rewritten?.objects).toBe(FILES);
  expectFlat(8);
  expect([...added.values()]).toEqual([FILES]);
}, 120_000);
