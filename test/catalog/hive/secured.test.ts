import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHiveCatalog } from '../../../src/catalog/hive/hive-catalog.js';
import type { HiveTls } from '../../../src/catalog/hive/socket.js';
import type { Catalog, Registration } from '../../../src/catalog/port.js';
import { catalogConformance } from '../../conformance/catalog.js';
import { describeWith, makeBucket } from '../../lab/lab.js';
import { tableMetadata } from '../table-metadata.js';
import { HiveLab } from './lab.js';
import { CERT } from './tls-pair.js';

const IDENT = { namespace: ['default'], name: 'no_such_table' };
const timeouts = { connect: 5000, read: 10_000, write: 10_000 };

/** What a load ends in; the catalog is closed. */
async function errorOf(catalog: Catalog): Promise<unknown> {
  const error: unknown = await catalog.load(IDENT).catch((reason: unknown) => reason);
  await catalog.close();
  return error;
}

describeWith(['s3', 'hmsTls'], 'a real metastore with TLS and framed transport', (parts) => {
  const { uri, ca: file } = parts.hmsTls;
  const database = `bcn_${randomBytes(4).toString('hex')}`;
  let secured: { readonly uri: string; readonly framed: true; readonly tls: HiveTls };
  let lab: HiveLab;

  beforeAll(async () => {
    secured = { uri, framed: true, tls: { ca: readFileSync(file ?? '', 'utf8') } };
    lab = new HiveLab(uri, secured);
    await makeBucket(parts, 'warehouse');
    await lab.createDatabase(database, `s3a://warehouse/${database}.db`);
  }, 180_000);

  afterAll(async () => {
    await lab.dropDatabase(database);
    lab.close();
  }, 180_000);

  catalogConformance('hive, TLS and framed', async () => ({
    catalog: createHiveCatalog(secured),
    other: createHiveCatalog(secured),
    namespace: [database],
    misspelt: [`${database}x`],
    namespacesAreMade: true,
    registration: async (name, version) => registration(name, version),
    close: async () => {},
  }));

  test('an entry of 2 MB goes there and back', async () => {
    const catalog = createHiveCatalog(secured);
    const wanted = registration('large', 1, { properties: new Map([['long', 'é'.repeat(1_000_000)]]) });
    expect(await catalog.register(wanted)).toBe('registered');
    const { raw } = await catalog.load(wanted.ident);
    expect(raw).toHaveProperty(['summary', 'parameters', 'long'], 'é'.repeat(1_000_000));
    await catalog.close();
  });

  test('works without verification', async () => {
    const error = await errorOf(createHiveCatalog({ ...secured, tls: { verify: false }, timeouts }));
    expect(error).toMatchObject({ code: 'table-not-found' });
  });

  test.each<[string, HiveTls]>([
    ['no authority', {}],
    ['another authority', { ca: CERT }],
  ])('%s: refused, with the variable', async (_what, tls) => {
    const error = await errorOf(createHiveCatalog({ ...secured, tls, timeouts }));
    expect(error).toMatchObject({ code: 'catalog-unavailable', exit: 31 });
    expect(error).toHaveProperty('message', expect.stringContaining('certificate is not trusted'));
    expect(error).toHaveProperty('hint', expect.stringContaining('HIVE_METASTORE_CA_FILE'));
  });

  test('unframed: told that it is framed', async () => {
    const error = await errorOf(createHiveCatalog({ ...secured, framed: false, timeouts }));
    expect(error).toMatchObject({ code: 'catalog-unavailable', hint: expect.stringContaining('HIVE_METASTORE_FRAMED=true') });
    expect(error).toHaveProperty('message', expect.stringContaining('with framed transport'));
  });

  test.each([false, true])('without TLS, framed: %s: told that it speaks TLS', async (framed) => {
    const error = await errorOf(createHiveCatalog({ uri, framed, timeouts }));
    expect(error).toMatchObject({ code: 'catalog-unavailable', hint: expect.stringContaining('HIVE_METASTORE_TLS=true') });
    expect(error).toHaveProperty('message', expect.stringContaining('the server speaks TLS'));
  });

  function registration(name: string, version = 1, changes: Parameters<typeof tableMetadata>[0] = {}): Registration {
    const location = `s3a://warehouse/${database}.db/${name}`;
    const metadataLocation = `${location}/metadata/${String(version).padStart(5, '0')}-ab.metadata.json`;
    return { ident: { namespace: [database], name }, metadataLocation, metadata: tableMetadata({ location, ...changes }) };
  }
});

describeWith(['hmsSasl'], 'a real metastore that demands SASL', ({ hmsSasl }) => {
  test.each([false, true])('framed: %s: unsupported, said clearly', async (framed) => {
    const error = await errorOf(createHiveCatalog({ uri: hmsSasl.uri, framed, timeouts }));
    expect(error).toMatchObject({ code: 'catalog-unsupported', exit: 22, retryable: false });
    expect(error).toHaveProperty('message', expect.stringContaining('demands SASL (Kerberos, or a user and password)'));
    expect(error).toHaveProperty('hint', expect.stringContaining('hive.metastore.sasl.enabled=false'));
  });

  test('as somebody it knows: the same', async () => {
    const error = await errorOf(createHiveCatalog({ uri: hmsSasl.uri, user: 'hive', timeouts }));
    expect(error).toMatchObject({ code: 'catalog-unsupported', exit: 22 });
  });
});

describe.each(['hms3', 'hms', 'hms401'] as const)('%s, which is plain', (part) => {
  describeWith([part], 'spoken to otherwise', (lab) => {
    const { uri } = lab[part];

    test('framed: told that it is not', async () => {
      const error = await errorOf(createHiveCatalog({ uri, framed: true, timeouts }));
      expect(error).toMatchObject({ code: 'catalog-unavailable', hint: expect.stringContaining('HIVE_METASTORE_FRAMED=false') });
      expect(error).toHaveProperty('message', expect.stringContaining('without framed transport'));
    });

    test.each([false, true])('with TLS, framed: %s: told to do without', async (framed) => {
      const error = await errorOf(createHiveCatalog({ uri, framed, tls: {}, timeouts }));
      expect(error).toMatchObject({
        code: 'catalog-unavailable',
        hint: expect.stringContaining('HIVE_METASTORE_TLS must be false'),
      });
      expect(error).toHaveProperty('message', expect.stringContaining('does this port speak TLS?'));
    });
  });
});
