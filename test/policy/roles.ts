/** A source, a repository and a target on a real S3 service, and identities that may do just what `bcn policy` prints. */
import { randomBytes } from 'node:crypto';
import type { PolicyRole, Statement } from '../../src/policy/request.js';
import type { ObjectStore } from '../../src/storage/port.js';
import type { S3Config } from '../../src/storage/s3/config.js';
import { createS3Store } from '../../src/storage/s3/s3-store.js';
import { run } from '../cli/run.js';
import type { S3Part } from '../lab/lab.js';
import { freshBucket, labConfig } from '../storage/s3/service.js';
import { assumeRole } from '../storage/s3/sts.js';
import type { TableWriter } from '../support/table.js';
import { type Places, World } from '../support/world.js';
import { type Watched, watched } from './watched.js';

const MiB = 1 << 20;
/** Copies above run in parts. */
const SETTINGS = { multipartThreshold: 5 * MiB, partSize: 5 * MiB };
export const bigFile = (): Buffer => randomBytes(6 * MiB);

/** Source and target share a bucket; the repository has one of its own, beside things of others. */
export class Roles {
  readonly lake: string;
  readonly backups: string;
  /** Who may do everything. */
  readonly full: World;
  readonly #config: S3Config;
  readonly #watched: Watched;
  /** What each identity may. */
  readonly #granted = new Map<World, { readonly accessKey: string; readonly statements: readonly Statement[] }>();

  private constructor(watched: Watched, lake: string, backups: string, full: World) {
    this.#watched = watched;
    this.#config = { ...labConfig(watched), ...SETTINGS };
    this.lake = lake;
    this.backups = backups;
    this.full = full;
  }

  static async open(service: S3Part, backups?: string): Promise<Roles> {
    const way = await watched(service);
    const { s3 } = way;
    const [lake, repo] = [await freshBucket({ s3 }), backups ?? (await freshBucket({ s3 }))];
    const config = { ...labConfig({ s3 }), ...SETTINGS };
    return new Roles(way, lake, repo, await World.open({ places: placesOf(config, lake, repo) }));
  }

  async table(): Promise<TableWriter> {
    const table = await this.full.table();
    await table.append([bigFile(), 'small']);
    this.full.publish(table);
    return table;
  }

  /** The policy as the CLI prints it. */
  async policy(role: PolicyRole, ...flags: readonly string[]): Promise<readonly Statement[]> {
    const places = {
      backup: ['--source', `${this.lake}/db`],
      restore: ['--target', `${this.lake}/restored/db`],
      verify: [],
      prune: [],
    }[role];
    const args = ['policy', 's3', '--role', role, ...places, ...flags, '--quiet'];
    const { exit, stdout, stderr } = await run(args, { env: { BACKUP_BUCKET: `${this.backups}/repo` } });
    if (exit !== 0) throw new Error(stderr);
    return (JSON.parse(stdout) as { readonly Statement: readonly Statement[] }).Statement;
  }

  /** The same world, seen by one who has that policy and no more. */
  async as(role: PolicyRole, ...flags: readonly string[]): Promise<World> {
    const statements = await this.policy(role, ...flags);
    const credentials = await assumeRole(this.#watched.s3, statements);
    const config = { ...this.#config, credentials, origin: `the keys of ${role}` };
    const world = await World.open({ places: placesOf(config, this.lake, this.backups) });
    for (const [name, entry] of this.full.tables) world.tables.set(name, entry);
    this.#granted.set(world, { accessKey: credentials.accessKeyId, statements });
    return world;
  }

  /** Actions that this identity was granted and no request of its has needed. */
  unused(world: World): readonly string[] {
    const { accessKey = '', statements = [] } = this.#granted.get(world) ?? {};
    const used = this.#watched.used.get(accessKey);
    return [...new Set(statements.flatMap(({ Action }) => Action))].filter((action) => used?.has(action) !== true);
  }

  /** Keys of the repository, without its prefix. */
  keys(): Promise<string[]> {
    return this.full.keys('repo');
  }
}

function placesOf(config: S3Config, lake: string, backups: string): Places {
  const [lakeStore, repoStore] = [createS3Store(config, lake), createS3Store(config, backups)];
  const place = (store: ObjectStore, prefix: string) => ({ store, uri: `${store.uri}/${prefix}` });
  return { src: place(lakeStore, 'db'), wh: place(lakeStore, 'restored'), repo: place(repoStore, 'repo') };
}
