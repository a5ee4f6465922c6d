import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Catalog, ListedEntry, Registration } from '../../src/catalog/port.js';
import type { BcnError } from '../../src/errors.js';

/** What an adapter's test prepares: an empty namespace, and tables that are ready to be registered in it. */
export interface CatalogUnderTest {
  readonly catalog: Catalog;
  /** A second instance of the same catalog, as another process would have it. */
  readonly other: Catalog;
  /** An existing namespace. */
  readonly namespace: readonly string[];
  /** A namespace whose name differs from it by a letter, and does not exist. */
  readonly misspelt: readonly string[];
  /** false where a namespace comes into being with its first table. */
  readonly namespacesAreMade: boolean;
  /**
   * A table's registration, its files in place where the adapter looks at them. Two of one name differ in `version`: they stand for two
   * restores of that name, and the higher one is the newer file.
   */
  registration(name: string, version: number): Promise<Registration>;
  close(): Promise<void>;
}

/** The catalog port's contract (src/catalog/port.ts), for any adapter. `setup` may take as long as a server's start. */
export function catalogConformance(adapter: string, setup: () => Promise<CatalogUnderTest>): void {
  describe(`catalog port: ${adapter}`, { timeout: 60_000 }, () => {
    let subject: CatalogUnderTest;
    let catalog: Catalog;
    let registered: Registration;

    beforeAll(async () => {
      subject = await setup();
      catalog = subject.catalog;
      registered = await subject.registration('orders', 2);
      expect(await catalog.register(registered)).toBe('registered');
    }, 180_000);

    afterAll(async () => {
      await subject?.close();
    }, 60_000);

    test('load gives what register was given', async () => {
      const entry = await subject.other.load(registered.ident);
      expect(entry.ident).toEqual(registered.ident);
      expect(entry.metadataLocation).toBe(registered.metadataLocation);
      expect(entry.raw.type).toBe(catalog.type);
      expect(JSON.parse(JSON.stringify(entry.raw))).toEqual(entry.raw);
    });

    test('a registered table is listed with its location', async () => {
      const entries = await all(catalog.list(subject.namespace));
      expect(entries).toContainEqual({ name: 'orders', location: registered.metadata.location });
    });

    test('a table is found by its place, by a place inside and by one above', async () => {
      const { location } = registered.metadata;
      for (const place of [location, `${location}/`, `${location}/data/x=1/file`]) {
        expect(await subject.other.findAt(place)).toEqual({ ident: registered.ident, location });
      }
      const above = await catalog.findAt(location.slice(0, location.lastIndexOf('/')));
      expect(above?.ident.namespace).toEqual(subject.namespace);
    });

    test('nothing is found where no table is, however near', async () => {
      const { location } = registered.metadata;
      for (const place of [`${location}_2`, location.slice(0, -1), `${location.slice(0, location.lastIndexOf('/'))}_2/orders`]) {
        expect(await catalog.findAt(place)).toBeUndefined();
      }
      expect(await failure(catalog.findAt('gs://bucket/orders'))).toMatchObject({ code: 'config', object: 'gs://bucket/orders' });
    });

    test('registering the same file again is already done, for preflight and register alike', async () => {
      await catalog.preflight(registered);
      expect(await subject.other.register(registered)).toBe('already');
    });

    test('an entry of somebody else is never replaced', async () => {
      const rival = await subject.registration('orders', 1);
      for (const refused of [() => catalog.preflight(rival), () => catalog.register(rival)]) {
        const error = await failure(refused());
        expect(error).toMatchObject({ code: 'table-exists', exit: 23, table: [...subject.namespace, 'orders'].join('.') });
        expect(error.hint).toContain('Nothing was replaced');
      }
      expect((await catalog.load(registered.ident)).metadataLocation).toBe(registered.metadataLocation);
    });

    test('preflight lets a free name pass and writes nothing', async () => {
      const free = await subject.registration('free', 1);
      await catalog.preflight(free);
      const fresh = { ...free, ident: { ...free.ident, name: 'never_made' } };
      expect(await failure(catalog.load(fresh.ident))).toMatchObject({ code: 'table-not-found' });
    });

    test('of two registrations at once exactly one counts, and everybody is told which', async () => {
      const rivals = [await subject.registration('contended', 1), await subject.registration('contended', 2)];
      const outcomes = await Promise.allSettled(
        rivals.map((each, index) => (index === 0 ? catalog : subject.other).register(each)),
      );
      const won = rivals.filter((_, index) => outcomes[index]?.status === 'fulfilled');
      expect(won).toHaveLength(1);
      expect((await catalog.load(won[0]?.ident ?? registered.ident)).metadataLocation).toBe(won[0]?.metadataLocation);
      const lost = outcomes.find((outcome) => outcome.status === 'rejected');
      expect(lost).toMatchObject({ reason: { code: 'table-exists' } });
    });

    test('the same registration twice at once succeeds twice', async () => {
      const one = await subject.registration('twice', 1);
      const outcomes = await Promise.all([catalog.register(one), subject.other.register(one)]);
      for (const outcome of outcomes) expect(['registered', 'already']).toContain(outcome);
    });

    test('a missing table is named, with the nearest names', async () => {
      const error = await failure(catalog.load({ namespace: subject.namespace, name: 'ordrs' }));
      expect(error).toMatchObject({ code: 'table-not-found', exit: 20, table: [...subject.namespace, 'ordrs'].join('.') });
      expect(error.hint).toContain('Did you mean "orders"?');
    });

    test('a missing namespace is named, with the nearest names', async () => {
      for (const call of [
        () => catalog.load({ namespace: subject.misspelt, name: 'orders' }),
        () => all(catalog.list(subject.misspelt)),
      ]) {
        const error = await failure(call());
        expect(error).toMatchObject({ code: 'namespace-not-found', exit: 20 });
        expect(error.hint).toContain(`Did you mean "${subject.namespace.join('.')}"`);
      }
    });

    test('preflight and register want the namespace where namespaces are made by hand', async () => {
      if (!subject.namespacesAreMade) return;
      const lost = { ...registered, ident: { namespace: subject.misspelt, name: 'orders' } };
      for (const call of [() => catalog.preflight(lost), () => catalog.register(lost)]) {
        expect(await failure(call())).toMatchObject({ code: 'namespace-not-found' });
      }
    });

    test('a rehearsal leaves nothing behind and disturbs nobody, also beside another one', { timeout: 180_000 }, async () => {
      const planned = await subject.registration('planned', 1);
      const before = await all(catalog.list(subject.namespace));
      const outcomes = await Promise.all([catalog, subject.other].map((each) => each.rehearse(planned)));
      expect(outcomes).toEqual([undefined, undefined]);
      expect(await all(catalog.list(subject.namespace))).toEqual(before);
      expect(await catalog.endRehearsal(planned.ident)).toBeUndefined();
      expect(await catalog.register(planned)).toBe('registered');
      expect(await catalog.rehearse(planned)).toBeUndefined();
    });

    test('a namespace is made once, and dropped while it is empty', async () => {
      if (!subject.namespacesAreMade) return;
      const lost = { ...(await subject.registration('first', 1)), ident: { namespace: subject.misspelt, name: 'first' } };
      expect(await failure(catalog.rehearse(lost))).toMatchObject({ code: 'namespace-not-found' });
      expect(await catalog.preflight(lost, { createNamespace: true })).toEqual({ namespaceMissing: true });
      expect(await failure(catalog.preflight(lost))).toMatchObject({ hint: expect.stringContaining('--create-database') });
      expect(await catalog.createNamespace(subject.misspelt)).toBe('created');
      try {
        expect(await subject.other.createNamespace(subject.misspelt)).toBe('already');
        expect(await catalog.preflight(lost, { createNamespace: true })).toEqual({ namespaceMissing: false });
        expect(await catalog.rehearse(lost)).toBeUndefined();
      } finally {
        expect(await catalog.dropNamespace(subject.misspelt)).toBe('dropped');
      }
      expect(await failure(all(catalog.list(subject.misspelt)))).toMatchObject({ code: 'namespace-not-found' });
      expect(await catalog.dropNamespace(subject.misspelt)).toBe('dropped');
      expect(await catalog.dropNamespace(subject.namespace)).toBe('kept');
      expect((await all(catalog.list(subject.namespace))).length).toBeGreaterThan(0);
    });

    test('names that cannot be held are usage errors, before any call', async () => {
      for (const ident of [
        { namespace: subject.namespace, name: '' },
        { namespace: [], name: 'orders' },
        { namespace: [''], name: 'orders' },
        { namespace: subject.namespace, name: 'a\0b' },
      ]) {
        expect(() => catalog.normalise(ident)).toThrow(expect.objectContaining({ code: 'usage' }));
        expect(await failure(catalog.load(ident))).toMatchObject({ code: 'usage' });
      }
      expect(catalog.normalise(registered.ident)).toEqual(registered.ident);
    });

    test('an aborted signal ends every call as interrupted', async () => {
      const options = { signal: AbortSignal.abort() };
      const fresh = await subject.registration('aborted', 1);
      for (const call of [
        () => catalog.load(registered.ident, options),
        () => all(catalog.list(subject.namespace, options)),
        () => catalog.findAt(registered.metadata.location, options),
        () => catalog.preflight(fresh, options),
        () => catalog.register(fresh, options),
      ]) {
        expect(await failure(call())).toMatchObject({ code: 'interrupted', exit: 130 });
      }
      if (!subject.namespacesAreMade) return;
      for (const call of [
        () => catalog.rehearse(fresh, options),
        () => catalog.endRehearsal(fresh.ident, options),
        () => catalog.createNamespace(subject.misspelt, options),
        () => catalog.dropNamespace(subject.misspelt, options),
      ]) {
        expect(await failure(call())).toMatchObject({ code: 'interrupted', exit: 130 });
      }
    });

    test('the identity names the catalog, and is equal for equal catalogs', () => {
      expect(catalog.identity).toMatch(new RegExp(`^${catalog.type}:.+`));
      expect(subject.other.identity).toBe(catalog.identity);
    });
  });
}

async function all(entries: AsyncIterable<ListedEntry>): Promise<readonly ListedEntry[]> {
  const gathered: ListedEntry[] = [];
  for await (const entry of entries) gathered.push(entry);
  return gathered;
}

async function failure(call: Promise<unknown>): Promise<BcnError> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
  expect(outcome).toHaveProperty('code');
  return outcome as BcnError;
}
