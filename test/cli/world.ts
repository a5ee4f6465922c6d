import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type Ran, run } from './run.js';
import { violations } from './schema.js';

export const SAMPLES = fileURLToPath(new URL('../../samples/repository', import.meta.url));

/** A folder with a repository-to-be and a path catalog that holds the sample table as `shop.orders`. */
export interface World {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  bcn(...args: readonly string[]): Promise<Ran>;
  /** `backup` of the sample table under this name. */
  backup(name: string, ...more: readonly string[]): Promise<Ran>;
  /** With --json: checks the order and the schemas of the events. */
  json(...args: readonly string[]): Promise<Ran>;
  remove(): Promise<void>;
}

export async function createWorld(): Promise<World> {
  const dir = await mkdtemp(path.join(tmpdir(), 'bcn-cli-'));
  const env = { BACKUP_BUCKET: `file://${dir}/repo`, BCN_PATH_WAREHOUSE: `file://${dir}/wh` };
  const bcn = (...args: readonly string[]): Promise<Ran> => run(args, { env, cwd: dir });
  const made = await run(
    [
      'restore',
      '--backup-name',
      'orders-sample',
      '--catalog-type',
      'path',
      '--target-database',
      'shop',
      '--target-table',
      'orders',
    ],
    { env: { ...env, BACKUP_BUCKET: `file://${SAMPLES}` } },
  );
  expect(made).toMatchObject({ exit: 0 });
  return {
    dir,
    env,
    bcn,
    backup: (name, ...more) =>
      bcn('backup', '--catalog-type', 'path', '--database', 'shop', '--table', 'orders', '--backup-name', name, ...more),
    json: async (...args) => {
      const ran = await bcn(...args, '--json');
      const events = ran.events();
      for (const event of events) expect(violations(event, 'event.json')).toEqual([]);
      expect(events.filter(({ type }) => type === 'summary')).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({ type: 'summary', ok: ran.exit === 0, exit: ran.exit, cmd: args[0] });
      expect(ran.stderr).toBe('');
      return ran;
    },
    remove: () => rm(dir, { recursive: true }),
  };
}
