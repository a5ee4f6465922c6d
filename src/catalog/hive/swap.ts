import { BcnError } from '../../errors.js';
import { formatIdent, type TableIdent } from '../port.js';
import type { HiveClient } from './client.js';
import { ApplicationFault, ServerException, toBcnError, WireFault } from './faults.js';
import { getTextMap, withTexts } from './fields.js';
import { TABLE } from './hive-table.js';
import { rest } from './lock-release.js';
import { type TableLockOptions, withTableLock } from './locks.js';
import { tableMissing } from './missing.js';
import type { ThriftStruct } from './struct.js';

/** One commit: the table's entry is to name `replacement` instead of `expected` (URIs of metadata files). */
export interface Swap {
  /** As normalised. */
  readonly ident: TableIdent;
  readonly expected: string;
  readonly replacement: string;
}

export interface SwapOptions extends TableLockOptions {
  /** ms before each attempt to read what became of a change whose answer was lost. */
  readonly rereadDelays?: readonly number[];
}

const CURRENT = 'metadata_location';
const PREVIOUS = 'previous_metadata_location';
/** Properties of the call: the server is to add no totals of its own to the parameters. */
const PLAIN: ReadonlyMap<string, string> = new Map([['DO_NOT_UPDATE_STATS', 'true']]);
const DERBY_CANNOT = "Comparisons between 'CLOB";
const REREAD_DELAYS = [0, 500, 1_000, 2_000, 4_000];
/** For reading back, also after an interruption, ms. */
const SETTLE_MS = 30_000;

/**
 * Changes which metadata file a table's entry names, if it still names `expected`; nothing else of the entry changes, not even fields that this
 * client does not know. Two fences: Hive's lock, which 3.1.3 needs, and the expected value sent along, which 4.x checks itself, against writers
 * that take no lock. `already`: it named `replacement` before. Throws `commit-conflict` when it names another file, `commit-unknown` when that
 * cannot be known, `table-not-found`, and what withTableLock throws.
 */
export function swapMetadata(client: HiveClient, swap: Swap, options: SwapOptions): Promise<'swapped' | 'already'> {
  return withTableLock(client, swap.ident, (signal) => swapLocked(client, swap, { ...options, signal }), options);
}

async function swapLocked(client: HiveClient, swap: Swap, options: SwapOptions): Promise<'swapped' | 'already'> {
  const { ident, expected, replacement } = swap;
  const { signal } = options;
  const database = ident.namespace[0] ?? '';
  const table = await client.getTable(database, ident.name, { signal });
  if (table === undefined) throw await tableMissing(client, ident, { signal });
  const { current } = pointers(table);
  if (current === replacement) return 'already';
  if (current !== expected) throw conflict(swap, current);
  const changed = withTexts(table, TABLE.parameters, { [CURRENT]: replacement, [PREVIOUS]: expected });
  const fenced = new Map([...PLAIN, ['expected_parameter_key', CURRENT], ['expected_parameter_value', expected]]);
  for (const environment of [fenced, PLAIN]) {
    const failure = await client.alterTable(database, ident.name, changed, environment, { signal }).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure === undefined || (await landed(client, swap, failure, options))) return 'swapped';
    // Derby under 4.0.1 cannot compare what it stores parameters in; the lock is the fence that is left.
    if (!(environment === fenced && failure instanceof ServerException && failure.message.includes(DERBY_CANNOT))) throw failure;
  }
  throw new Error('the last attempt returns or throws');
}

/**
 * What became of a change that failed, by reading the entry: the text of a failure decides nothing. True: it was made. False: the server refused
 * it, for a reason other than the pointer. The lock is still ours, or lost; the signal may be aborted, so reading has a deadline of its own.
 */
async function landed(client: HiveClient, swap: Swap, failure: unknown, options: SwapOptions): Promise<boolean> {
  const refused = failure instanceof ServerException || failure instanceof ApplicationFault;
  if (!refused && !(failure instanceof WireFault && failure.outcome === 'unknown')) throw failure;
  const { ident, expected, replacement } = swap;
  const signal = AbortSignal.timeout(SETTLE_MS);
  let found: Pointers | undefined;
  for (const delay of options.rereadDelays ?? REREAD_DELAYS) {
    try {
      await rest(delay, signal);
      const table = await client.getTable(ident.namespace[0] ?? '', ident.name, { signal, fresh: true });
      found = table === undefined ? {} : pointers(table);
    } catch {
      if (signal.aborted) break;
      continue;
    }
    if (found.current === replacement) return true;
    // A writer that takes no lock may have committed on top already.
    if (found.previous === replacement && found.current !== expected) return true;
    // A change without an answer may be made yet.
    if (refused) break;
  }
  if (!refused || found === undefined) throw unknown(swap, failure, options.uri);
  if (found.current !== expected) throw conflict(swap, found.current);
  return false;
}

interface Pointers {
  readonly current?: string;
  readonly previous?: string;
}

function pointers(table: ThriftStruct): Pointers {
  const parameters = getTextMap(table, TABLE.parameters);
  return { current: parameters.get(CURRENT), previous: parameters.get(PREVIOUS) };
}

function conflict({ ident, expected }: Swap, current: string | undefined): BcnError {
  const table = formatIdent(ident);
  const now = current === undefined ? 'names no metadata file any more' : `names ${current} now`;
  return new BcnError('commit-conflict', `"${table}" was changed by somebody else: it ${now}, not ${expected}`, {
    table,
    object: current,
    hint: 'Nothing was changed. Run the same command again: it starts from the table as it is now.',
  });
}

function unknown({ ident, replacement }: Swap, failure: unknown, uri: string): BcnError {
  const table = formatIdent(ident);
  const reason = toBcnError(failure, uri);
  const text = reason instanceof Error ? reason.message : String(reason);
  return new BcnError('commit-unknown', `Whether "${table}" was changed is not known: ${text}`, {
    table,
    object: replacement,
    hint: 'Nothing was deleted. Run the same command again once the metastore answers: it finds out.',
    retryable: true,
    cause: failure,
  });
}
