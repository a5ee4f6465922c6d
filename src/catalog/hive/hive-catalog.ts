import type { CallOptions } from '../../storage/port.js';
import {
  type Catalog,
  type CatalogEntry,
  formatIdent,
  type Leftover,
  type ListedEntry,
  type Preflight,
  type PreflightOptions,
  type Registration,
  type TableIdent,
  type TablePlace,
} from '../port.js';
import { HiveClient } from './client.js';
import { createDatabase, dropDatabase } from './databases.js';
import { type Endpoint, endpointsKey, parseEndpoints } from './endpoints.js';
import { readEntry } from './entry.js';
import { toBcnError } from './faults.js';
import { hiveTable } from './hive-table.js';
import { findAt, listEntries } from './listing.js';
import { namespaceMissing, tableMissing } from './missing.js';
import { checkCreatable, checkCreatableDatabase, normaliseIdent } from './names.js';
import { registerTable, tableExists } from './register.js';
import { endRehearsal, rehearse } from './rehearsal.js';
import { HiveSession, type HiveTimeouts } from './session.js';
import type { HiveTls } from './socket.js';
import type { ThriftStruct } from './struct.js';

interface HiveCatalogOptions {
  /** `thrift://HOST:9083`, several servers with commas between; the first that accepts a connection is used. */
  readonly uri: string;
  /** The server has metastore.thrift.framed.transport.enabled=true. Default false. */
  readonly framed?: boolean;
  /** Absent: no TLS. */
  readonly tls?: HiveTls;
  /** ms; default: connect 10 s, read 60 s, write 120 s. */
  readonly timeouts?: Partial<HiveTimeouts>;
  /** Whom the server is told we are, and the owner of tables that have none. Default: nobody, and the user of this process. */
  readonly user?: string;
  /** ms before each further attempt to read what became of a registration whose answer was lost. */
  readonly rereadDelays?: readonly number[];
}

const TIMEOUTS: HiveTimeouts = { connect: 10_000, read: 60_000, write: 120_000 };
const REREAD_DELAYS = [0, 500, 1000, 2000, 4000];

/** The catalog port over a Hive Metastore (3.1.3 to 4.0.1). Connects when first used. Throws `config` for a URI it cannot use. */
export function createHiveCatalog(options: HiveCatalogOptions): Catalog {
  const endpoints = parseEndpoints(options.uri);
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const { framed = false, tls, user } = options;
  const session = new HiveSession({ endpoints, framed, tls, timeouts, user });
  return new HiveCatalog(endpoints, session, user, options.rereadDelays ?? REREAD_DELAYS);
}

class HiveCatalog implements Catalog {
  readonly type = 'hive';
  readonly identity: string;
  readonly #uri: string;
  readonly #session: HiveSession;
  readonly #client: HiveClient;
  readonly #user: string | undefined;
  readonly #rereadDelays: readonly number[];

  constructor(endpoints: readonly Endpoint[], session: HiveSession, user: string | undefined, rereadDelays: readonly number[]) {
    this.identity = `hive:${endpointsKey(endpoints)}`;
    this.#uri = endpoints.map(({ uri }) => uri).join(',');
    this.#session = session;
    this.#client = new HiveClient(session);
    this.#user = user;
    this.#rereadDelays = rereadDelays;
  }

  normalise(ident: TableIdent): TableIdent {
    return normaliseIdent(ident);
  }

  async load(ident: TableIdent, options: CallOptions = {}): Promise<CatalogEntry> {
    const { namespace, name } = this.normalise(ident);
    const database = namespace[0] ?? '';
    return this.#translated(ident, async () => {
      const table = await this.#client.getTable(database, name, options);
      const owner = await this.#client.getDatabase(database, options);
      if (owner === undefined) throw await namespaceMissing(this.#client, database, options);
      if (table === undefined) throw await tableMissing(this.#client, { namespace, name }, options);
      return readEntry({ namespace, name }, table, owner);
    });
  }

  async *list(namespace: readonly string[], options: CallOptions = {}): AsyncIterable<ListedEntry> {
    const database = this.#database(namespace);
    try {
      if ((await this.#client.getDatabase(database, options)) === undefined) {
        throw await namespaceMissing(this.#client, database, options);
      }
      yield* listEntries(this.#client, database, options);
    } catch (error) {
      throw toBcnError(error, this.#uri);
    }
  }

  /**
   * Reads all databases, one after the other. Misses a table that is renamed meanwhile from a database still to be read into one
   * that was read.
   */
  async findAt(location: string, options: CallOptions = {}): Promise<TablePlace | undefined> {
    try {
      return await findAt(this.#client, location, options);
    } catch (error) {
      throw toBcnError(error, this.#uri);
    }
  }

  /** Hive has a warehouse folder of its own, but what a restore wants is the caller's to say. */
  defaultLocation(_ident: TableIdent): string | undefined {
    return undefined;
  }

  /** As Iceberg's metastore catalogs name it: they read the version back from the digits before the `-`. */
  metadataFileName(version: number, uuid: string, gzip: boolean): string {
    return `${String(version).padStart(5, '0')}-${uuid}${gzip ? '.gz' : ''}.metadata.json`;
  }

  /** An entry that already names `metadataLocation` passes: it is what a restore that was interrupted after its register finds. */
  async preflight(registration: Registration, options: PreflightOptions = {}): Promise<Preflight> {
    const { ident } = this.#planned(registration);
    const database = ident.namespace[0] ?? '';
    return this.#translated(ident, async () => {
      if ((await this.#client.getDatabase(database, options)) === undefined) {
        if (!options.createNamespace) throw await namespaceMissing(this.#client, database, options, { creatable: true });
        checkCreatableDatabase(database);
        return { namespaceMissing: true };
      }
      const existing = await this.#client.getTable(database, ident.name, options);
      if (existing !== undefined) tableExists(existing, registration);
      return { namespaceMissing: false };
    });
  }

  /** The owner is who we say we are, as for tables that have none; the server chooses the folder. */
  async createNamespace(namespace: readonly string[], options: CallOptions = {}): Promise<'created' | 'already'> {
    const database = this.#database(namespace);
    checkCreatableDatabase(database);
    try {
      return await createDatabase(this.#client, database, this.#user, { ...options, delays: this.#rereadDelays });
    } catch (error) {
      throw toBcnError(error, this.#uri);
    }
  }

  async dropNamespace(namespace: readonly string[], options: CallOptions = {}): Promise<'dropped' | 'kept'> {
    try {
      return await dropDatabase(this.#client, this.#database(namespace), { ...options, delays: this.#rereadDelays });
    } catch (error) {
      throw toBcnError(error, this.#uri);
    }
  }

  async rehearse(registration: Registration, options: CallOptions = {}): Promise<Leftover | undefined> {
    const { ident, table } = this.#planned(registration);
    return this.#translated(ident, () =>
      rehearse(this.#client, { ...registration, ident }, table, { ...options, delays: this.#rereadDelays, uri: this.#uri }),
    );
  }

  async endRehearsal(ident: TableIdent, options: CallOptions = {}): Promise<Leftover | undefined> {
    return this.#translated(ident, () =>
      endRehearsal(this.#client, this.normalise(ident), { ...options, delays: this.#rereadDelays, uri: this.#uri }),
    );
  }

  async register(registration: Registration, options: CallOptions = {}): Promise<'registered' | 'already'> {
    const { ident, table } = this.#planned(registration);
    return this.#translated(ident, () =>
      registerTable(this.#client, { ...registration, ident }, table, { ...options, delays: this.#rereadDelays, uri: this.#uri }),
    );
  }

  async close(): Promise<void> {
    this.#session.close();
  }

  /** The entry to make. Throws what can be known of it without the server. */
  #planned(registration: Registration): { readonly ident: TableIdent; readonly table: ThriftStruct } {
    const ident = this.normalise(registration.ident);
    checkCreatable(ident);
    return { ident, table: hiveTable({ ...registration, ident }, this.#user, Date.now()) };
  }

  #database(namespace: readonly string[]): string {
    return this.normalise({ namespace, name: 'any' }).namespace[0] ?? '';
  }

  async #translated<Result>(ident: TableIdent, call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      throw toBcnError(error, this.#uri, { table: formatIdent(ident) });
    }
  }
}
