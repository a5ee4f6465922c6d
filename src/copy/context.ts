import type { RepositoryPlace } from '../repository/place.js';
import type { CallOptions } from '../storage/port.js';
import type { CopyDeps, CopyOptions } from './options.js';

/** What the steps of one backup's copy share. */
export interface CopyContext {
  readonly deps: CopyDeps;
  readonly options: Pick<CopyOptions, 'jobs' | 'dryRun'>;
  /** The run of the destination. */
  readonly run: string;
  /** An earlier attempt of this run, or an earlier plan, may have left objects and multipart uploads. */
  readonly continued: boolean;
  readonly scratch: string;
  readonly call: CallOptions;
}

/** URI of an object, for messages. */
export const uriOf = ({ store, prefix }: RepositoryPlace, key: string): string => `${store.uri}/${prefix}${key}`;
