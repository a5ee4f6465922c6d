import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { concretePath } from '../../src/iceberg/paths.js';
import type { Backup } from '../../src/repository/commit.js';
import { listBackups } from '../../src/repository/list.js';
import { findCommit } from '../../src/repository/load.js';
import { MemoryService, MemoryStore } from '../../src/storage/memory/memory-store.js';
import { type SeenTable, seeTable } from '../support/rows.js';
import { World } from '../support/world.js';

const HERE = import.meta.dirname;
const ROLES = { src: 'source', repo: 'repository' } as const;

/** Names of the repositories that are kept. */
export const kept: readonly string[] = readdirSync(HERE, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** What a kept repository must give for ever: by backup, by table, the rows of each snapshot, as `seeTable` tells them. */
export type Expected = Readonly<
  Record<
    string,
    {
      readonly mode: string;
      readonly partial: boolean;
      readonly incomplete?: true;
      readonly tables: Readonly<Record<string, SeenTable['snapshots']>>;
    }
  >
>;

export function expected(name: string): Expected {
  return JSON.parse(readFileSync(join(HERE, name, 'expected.json'), 'utf8')) as Expected;
}

/** A world that holds a kept repository and the source it was made of. */
export async function load(name: string): Promise<World> {
  const service = new MemoryService();
  const clock = { now: Date.UTC(2026, 0, 10) };
  const store = (role: string) => new MemoryStore(role, { clock: () => clock.now++, service });
  for (const [role, folder] of Object.entries(ROLES)) {
    const top = join(HERE, name, folder);
    for (const entry of readdirSync(top, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      await store(role).create(path.slice(top.length + 1), await readFile(path));
    }
  }
  const record = (await store('repo').list('backups/')[Symbol.asyncIterator]().next()).value?.objects[0]?.key;
  const { tables } = JSON.parse((await store('repo').get(record)).bytes.toString()) as Backup;
  // The service that the files were read from is still the same one.
  Object.assign(service, { id: tables[0]?.source, endpoint: tables[0]?.source });
  const place = (role: string) => ({ uri: `memory://${role}`, store: store(role) });
  const world = await World.open({ places: { src: place('src'), repo: place('repo'), wh: place('wh') } });
  Object.defineProperty(world, 'now', { get: () => clock.now, set: (now: number) => Object.assign(clock, { now }) });
  for (const [table, at] of Object.entries(JSON.parse(await readFile(join(HERE, name, 'tables.json'), 'utf8'))))
    world.tables.set(table, at as { metadataLocation: string; location: string });
  return world;
}

/** What the source says of each backup: the metadata that it recorded is still there. */
export async function readExpected(world: World): Promise<Expected> {
  const objects = await world.dump('src');
  const read = (uri: string) => {
    const found = objects.get(uri);
    return found === undefined ? undefined : Buffer.from(found, 'base64');
  };
  const told: Record<string, Expected[string]> = {};
  for (const { selector, mode, partial } of (await listBackups(world.place())).backups) {
    const tables: Record<string, SeenTable['snapshots']> = {};
    const commit = (await findCommit(world.place(), selector)) as Backup;
    for (const { identifier, metadata_location } of commit.tables)
      tables[identifier.join('.')] = (await seeTable(concretePath(metadata_location, ''), read)).snapshots;
    told[selector] = { mode, partial, ...(commit.tables.some(({ missing }) => missing) && { incomplete: true }), tables };
  }
  return told;
}

/** Writes a world down, to be kept. */
export async function keep(world: World, name: string): Promise<void> {
  for (const [role, folder] of Object.entries(ROLES) as [keyof typeof ROLES, string][]) {
    for (const [uri, bytes] of await world.dump(role))
      await put(join(HERE, name, folder, uri.slice(world.uri(role).length + 1)), Buffer.from(bytes, 'base64'));
  }
  await put(join(HERE, name, 'tables.json'), `${JSON.stringify(Object.fromEntries(world.tables), undefined, 1)}\n`);
}

/** Writes down what a kept repository gives, once. */
export async function keepExpected(name: string): Promise<void> {
  await put(join(HERE, name, 'expected.json'), `${JSON.stringify(await readExpected(await load(name)), undefined, 1)}\n`);
}

async function put(file: string, bytes: Buffer | string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes, { flag: 'wx' });
}
