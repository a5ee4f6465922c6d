import { findLocation, parseLocation } from '../../storage/location.js';
import { isSamePlace, overlaps } from '../../storage/overlap.js';
import type { ListedEntry, TablePlace } from '../port.js';
import type { HiveClient } from './client.js';
import { isServerException } from './faults.js';
import { getStruct, getText } from './fields.js';
import { STORAGE, TABLE } from './hive-table.js';
import { isRehearsal } from './rehearsal-entry.js';
import type { SessionCallOptions } from './session.js';

/** All entries of a database but those of rehearsals; none when it does not exist. Rejects with the client's faults. */
export async function* listEntries(
  client: HiveClient,
  database: string,
  options: SessionCallOptions,
): AsyncIterable<ListedEntry> {
  const names = await client.getAllTables(database, options);
  for await (const table of client.getTables(database, names, options)) {
    if (isRehearsal(table)) continue;
    const location = getText(getStruct(table, TABLE.sd) ?? new Map(), STORAGE.location);
    yield { name: getText(table, TABLE.name) ?? '', ...(location === undefined ? {} : { location }) };
  }
}

/**
 * The entry of any database whose location overlaps `wanted`: one at that very place, else the first that was seen. Rejects with
 * the client's faults; throws `config` when `wanted` has an unknown scheme.
 */
export async function findAt(client: HiveClient, wanted: string, options: SessionCallOptions): Promise<TablePlace | undefined> {
  parseLocation(wanted);
  let near: TablePlace | undefined;
  for (const database of await client.getAllDatabases(options)) {
    try {
      for await (const { name, location } of listEntries(client, database, options)) {
        if (location === undefined || !findLocation(location) || !overlaps(location, wanted)) continue;
        const place = { ident: { namespace: [database], name }, location };
        if (isSamePlace(location, wanted)) return place;
        near ??= place;
      }
    } catch (error) {
      // Dropped since the databases were listed.
      if (!isServerException(error, 'UnknownDBException')) throw error;
    }
  }
  return near;
}
