import type { Catalog, TableIdent } from '../catalog/port.js';
import type { HistoryKeep } from '../iceberg/history.js';
import type { Amount, Plan } from '../plan.js';
import type { Reporter } from '../report.js';
import type { RepositoryPlace } from '../repository/place.js';
import type { StoreResolver } from '../storage/port.js';
import type { LostFile } from './losses.js';
import type { MapOption } from './map-option.js';

export interface RestoreDeps {
  readonly catalog: Catalog;
  readonly repository: RepositoryPlace;
  /** Writes the restored table. */
  readonly target: StoreResolver;
  /** Reads the content files of a `reference` backup. */
  readonly source: StoreResolver;
  readonly report: Reporter;
}

export interface RestoreOptions {
  readonly backupName: string;
  /** Which table of the backup, as `database.table`; needed where it holds several. */
  readonly table?: string;
  readonly target: TableIdent;
  /** URI; without it the catalog's own place, else `<scheme of the source>://<warehouseBucket>/<database>/<table>`. */
  readonly targetLocation?: string;
  readonly warehouseBucket: string;
  readonly keepUuid: boolean;
  /** How much of the past comes back; default: all. */
  readonly history?: HistoryKeep;
  /** Where files outside the source's location go, and what inside of it goes elsewhere. */
  readonly maps?: readonly MapOption[];
  /** Let deletes apply to data files whose paths they spell otherwise. */
  readonly mergeSpellings?: boolean;
  /** Bring back what there is of a table whose backup is incomplete or damaged; metadata has to be whole all the same. */
  readonly allowDamaged?: boolean;
  /** Is told of each content file that does not come back, before the restore ends. */
  readonly onLost?: (lost: LostFile) => void;
  /** Make the target's namespace when it is missing. */
  readonly createNamespace?: boolean;
  readonly jobs: number;
  readonly dryRun: boolean;
  readonly tmpDir: string;
  readonly signal?: AbortSignal;
}

export interface RestoreResult {
  /** `already` when the table had been registered by an earlier attempt of this restore. */
  readonly outcome: 'planned' | 'restored' | 'already';
  /** Absent when the outcome is `already`. */
  readonly plan?: Plan;
  /** Selector of the backup that it came from. */
  readonly backup: string;
  /** `database.table` */
  readonly table: string;
  readonly location: string;
  /** Absent after --dry-run. */
  readonly metadataLocation?: string;
  readonly tableUuid?: string;
  /** Content files that the table came back without (after --dry-run: as far as the backup says); absent = none. */
  readonly lost?: Amount;
}

/** `restore --abort`: what was removed. */
export interface AbortResult {
  readonly location: string;
  readonly objects: number;
}
