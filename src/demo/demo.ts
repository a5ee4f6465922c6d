import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { backup } from '../backup/backup.js';
import type { Catalog, TableIdent } from '../catalog/port.js';
import { formatIdent } from '../catalog/port.js';
import { BcnError } from '../errors.js';
import type { Reporter } from '../report.js';
import type { RepositoryPlace } from '../repository/place.js';
import { restore } from '../restore/restore.js';
import type { StoreResolver } from '../storage/port.js';
import { verify } from '../verify/verify.js';
import { differences, readTable, type TableContent } from './table.js';

/** The real parts that the demo runs on, made for a folder. */
export interface DemoDeps {
  readonly stores: StoreResolver;
  /** The repository in a local folder. */
  repository(folder: string): RepositoryPlace;
  /** A path catalog in a local folder. */
  catalog(folder: string): Catalog;
  readonly report: Reporter;
}

export interface DemoOptions {
  /** Empty folder to work in. */
  readonly dir: string;
  /** The repository that is shipped with bcn. */
  readonly sample: string;
  readonly signal?: AbortSignal;
}

/** What the demo has just done; `table`: print its rows. */
export interface DemoStep {
  readonly title: string;
  readonly facts: readonly string[];
  readonly table?: TableContent;
}

export interface DemoResult {
  readonly repository: string;
  readonly backupName: string;
  /** Warehouse and name of the table that is left. */
  readonly warehouse: string;
  readonly table: string;
  readonly rows: number;
  readonly snapshots: number;
}

const SAMPLE = 'orders-sample';
const BACKUP = 'my_backup';
const FIRST: TableIdent = { namespace: ['shop'], name: 'orders' };
const SECOND: TableIdent = { namespace: ['rescued'], name: 'orders_again' };

/**
 * Restores the shipped backup, backs the table up, destroys it, restores it under another name and place, verifies, compares every row:
 * the same use cases as the commands, on local folders. Throws `check-failed` when anything differs.
 */
export async function runDemo(deps: DemoDeps, options: DemoOptions, tell: (step: DemoStep) => void): Promise<DemoResult> {
  const { dir, signal } = options;
  const folders = {
    warehouse: path.join(dir, 'warehouse'),
    elsewhere: path.join(dir, 'elsewhere'),
    repository: path.join(dir, 'repository'),
  };
  const [shipped, own] = [deps.repository(options.sample), deps.repository(folders.repository)];
  const [here, there] = [deps.catalog(folders.warehouse), deps.catalog(folders.elsewhere)];
  const work = { jobs: 4, tmpDir: tmpdir(), ...(signal ? { signal } : {}) };
  const bringBack = (place: RepositoryPlace, backupName: string, catalog: Catalog, target: TableIdent) =>
    restore(
      { catalog, repository: place, target: deps.stores, source: deps.stores, report: deps.report },
      { backupName, target, warehouseBucket: '', keepUuid: false, dryRun: false, ...work },
    );

  const first = await bringBack(shipped, SAMPLE, here, FIRST);
  const before = await readTable(deps.stores, first.metadataLocation ?? '');
  tell({
    title: 'Restore the sample table, which is shipped as a backup',
    facts: [`${first.table} at ${first.location}`],
    table: before,
  });

  const made = await backup(
    { catalog: here, source: deps.stores, repository: own, report: deps.report },
    { tables: [FIRST], name: BACKUP, mode: 'copy', dryRun: false, ...work },
  );
  const [facts] = made.backup?.tables ?? [];
  tell({
    title: 'Back it up',
    facts: [`backup "${BACKUP}" of ${facts?.table}: ${facts?.snapshots} snapshots, ${facts?.files.total} data files`],
  });

  await rm(folders.warehouse, { recursive: true });
  tell({ title: 'Destroy it', facts: [`removed ${folders.warehouse}, data, metadata and catalog`] });

  const second = await bringBack(own, BACKUP, there, SECOND);
  const after = await readTable(deps.stores, second.metadataLocation ?? '');
  tell({
    title: 'Restore it under another name, at another place',
    facts: [`${second.table} at ${second.location}`],
    table: after,
  });

  const found: string[] = [];
  const onProblem = ({ message }: { readonly message: string }) => void found.push(message);
  const proof = await verify(
    { repository: own, source: deps.stores, report: deps.report },
    { names: [BACKUP], read: 'all', record: true, onProblem, ...work },
  );
  const wrong = [...found, ...differences(before, after)];
  if (wrong.length > 0) {
    throw new BcnError('check-failed', `The demo found ${wrong.length} differences: ${wrong.join('; ')}`, {
      hint: `This is a bug in bcn. Please report it with the folder ${dir}.`,
    });
  }
  tell({
    title: 'Verify the backup and compare',
    facts: [
      `backup "${BACKUP}": ${proof.checked.metadata} metadata files and ${proof.checked.files} data files read, no problems`,
      `every row of ${after.snapshots.length} snapshots is the same (${after.snapshots.map(({ rows }) => rows.length).join(', ')} rows)`,
      `refs: ${after.refs.map(({ name, type }) => `${name} (${type})`).join(', ')}`,
    ],
  });
  return {
    repository: `file://${folders.repository}`,
    backupName: BACKUP,
    warehouse: `file://${folders.elsewhere}`,
    table: formatIdent(SECOND),
    rows: after.snapshots.find(({ id }) => id === after.currentSnapshotId)?.rows.length ?? 0,
    snapshots: after.snapshots.length,
  };
}
