import { afterEach, describe, expect, test } from 'vitest';
import { fields, getStruct, getText, text, textMap } from '../../../src/catalog/hive/fields.js';
import { createHiveCatalog } from '../../../src/catalog/hive/hive-catalog.js';
import type { Catalog, Registration } from '../../../src/catalog/port.js';
import { tableMetadata } from '../table-metadata.js';
import { FakeMetastore } from './fake.js';
import { type ReceivedCall, type Script, type ScriptedServer, startServer, thrown } from './server.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const registration: Registration = {
  ident: { namespace: ['db'], name: 't' },
  metadataLocation: 's3a://warehouse/db/t/metadata/00001-a.metadata.json',
  metadata: tableMetadata(),
};
const OTHERS = fields([
  [1, text('t')],
  [
    9,
    textMap([
      ['table_type', 'ICEBERG'],
      ['metadata_location', 's3a://warehouse/else.json'],
    ]),
  ],
  [12, text('EXTERNAL_TABLE')],
]);

/** A catalog over a fake whose create_table calls (numbered from 1) are answered by `creating`; undefined = as a server would. */
async function start(
  creating: (call: ReceivedCall, attempt: number, fake: FakeMetastore) => Buffer | 'normal' | undefined,
  others?: Script,
) {
  const fake = new FakeMetastore();
  let attempts = 0;
  const server = await startServer((call) => {
    if (call.method !== 'create_table') return others === undefined ? fake.answer(call) : others(call);
    attempts += 1;
    const answer = creating(call, attempts, fake);
    return answer === 'normal' ? fake.answer(call) : answer;
  });
  const catalog = createHiveCatalog({
    uri: server.uri,
    timeouts: { connect: 1000, read: 300, write: 300 },
    rereadDelays: [0, 10, 20],
  });
  open.push(server, catalog);
  return { fake, catalog, server, attempts: () => attempts };
}

const failure = (catalog: Catalog) =>
  catalog.register(registration).then(
    (value) => ({ value }),
    (error: unknown) => error,
  );

/** The server carries the call out, and its answer is lost. */
function swallow(call: ReceivedCall, fake: FakeMetastore): undefined {
  fake.answer(call);
  call.socket.destroy();
  return undefined;
}

describe('register, when the outcome is not known', () => {
  test('the answer was lost: the entry is read back and found', async () => {
    const { catalog, attempts } = await start((call, _attempt, fake) => swallow(call, fake));
    expect(await catalog.register(registration)).toBe('registered');
    expect(attempts()).toBe(1);
  });

  test('the call was lost: read back, not found, sent once more', async () => {
    const { catalog, attempts, fake } = await start((call, attempt) => (attempt === 1 ? void call.socket.destroy() : 'normal'));
    expect(await catalog.register(registration)).toBe('registered');
    expect(attempts()).toBe(2);
    expect(fake.tables.has('t')).toBe(true);
  });

  test('the call lands late: the second finds the first', async () => {
    const { catalog } = await start((call, attempt, fake) => {
      if (attempt === 1) return undefined;
      fake.tables.set('t', getStruct(call.args, 1) ?? new Map());
      return 'normal';
    });
    expect(['registered', 'already']).toContain(await catalog.register(registration));
  });

  test('somebody else was faster', async () => {
    const { catalog, fake } = await start((call, _attempt, them) => {
      them.tables.set('t', OTHERS);
      return void call.socket.destroy();
    });
    expect(await failure(catalog)).toMatchObject({ code: 'table-exists' });
    expect(fake.tables.get('t')).toBe(OTHERS);
  });

  test('the server is gone: commit-unknown, and running it again is the advice', async () => {
    let server: ScriptedServer | undefined;
    const started = await start((call) => {
      void server?.close();
      return void call.socket.destroy();
    });
    server = started.server;
    open.splice(open.indexOf(server), 1);
    expect(await failure(started.catalog)).toMatchObject({
      code: 'commit-unknown',
      exit: 24,
      retryable: true,
      table: 'db.t',
      object: registration.metadataLocation,
      hint: expect.stringContaining('Run the same command again'),
    });
  });

  test('the call was never sent: simply unavailable', async () => {
    const { catalog, server } = await start(() => 'normal');
    open.splice(open.indexOf(server), 1);
    await server.close();
    expect(await failure(catalog)).toMatchObject({ code: 'catalog-unavailable', exit: 31, retryable: true });
  });

  test('calls keep vanishing: two attempts, then commit-unknown', async () => {
    const { catalog, attempts } = await start((call) => void call.socket.destroy());
    expect(await failure(catalog)).toMatchObject({ code: 'commit-unknown' });
    expect(attempts()).toBe(2);
  });

  test('reading back is tried again while it fails', async () => {
    let reads = 0;
    const fake = new FakeMetastore();
    const { catalog } = await start(
      (call) => swallow(call, fake),
      (call) => (++reads < 3 ? void call.socket.destroy() : fake.answer(call)),
    );
    expect(await catalog.register(registration)).toBe('registered');
    expect(reads).toBe(3);
  });
});

describe('register, when the server says no', () => {
  test('MetaException although the entry is there: done', async () => {
    const { catalog } = await start((call, _attempt, fake) => {
      fake.answer(call);
      return thrown(call, 3, 'retrying failed: duplicate key');
    });
    expect(await catalog.register(registration)).toBe('registered');
  });

  test('MetaException and no entry: the server’s words', async () => {
    const { catalog, attempts } = await start((call) => thrown(call, 3, 'Derby is tired'));
    expect(await failure(catalog)).toMatchObject({
      code: 'catalog-unavailable',
      message: expect.stringContaining('Derby is tired'),
    });
    expect(attempts()).toBe(1);
  });

  test('InvalidObjectException with the database there: unsupported', async () => {
    const { catalog } = await start((call) => thrown(call, 2, 'Invalid column type'));
    expect(await failure(catalog)).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('Invalid column type'),
    });
  });

  test('dropped between AlreadyExists and the read: tried again', async () => {
    const { catalog } = await start((call, attempt) => (attempt === 1 ? thrown(call, 1, 'exists') : 'normal'));
    expect(await catalog.register(registration)).toBe('registered');
  });

  test('the same pointer in an entry that is no Iceberg table is somebody else’s', async () => {
    const { catalog } = await start((_call, _attempt, fake) => {
      fake.tables.set('t', fields([[9, textMap([['metadata_location', registration.metadataLocation]])]]));
      return 'normal';
    });
    expect(await failure(catalog)).toMatchObject({ code: 'table-exists' });
  });
});

test('a name or type that cannot be held is refused before any call', async () => {
  const { catalog, server } = await start(() => 'normal');
  const badType = tableMetadata({ currentSchemaJson: '{"fields":[{"name":"c","type":"timestamp_ns"}]}' });
  for (const call of [
    () => catalog.register({ ...registration, metadata: badType }),
    () => catalog.preflight({ ...registration, metadata: badType }),
    () => catalog.register({ ...registration, ident: { namespace: ['db'], name: 'a b' } }),
    () => catalog.preflight({ ...registration, ident: { namespace: ['db'], name: 'a b' } }),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'unsupported' });
  }
  expect(server.calls).toEqual([]);
});

test('an abort during create_table is interrupted; the same command finishes it', async () => {
  const abort = new AbortController();
  const { catalog, fake } = await start((call, attempt, them) => {
    if (attempt > 1) return 'normal';
    them.answer(call);
    abort.abort();
    return undefined;
  });
  await expect(catalog.register(registration, { signal: abort.signal })).rejects.toMatchObject({ code: 'interrupted' });
  expect(await catalog.register(registration)).toBe('already');
  expect(getText(fake.tables.get('t') ?? new Map(), 1)).toBe('t');
});
