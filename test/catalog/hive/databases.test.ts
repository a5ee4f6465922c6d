import { afterEach, describe, expect, test } from 'vitest';
import { fields, getInt32, getStruct, getText, text } from '../../../src/catalog/hive/fields.js';
import { createHiveCatalog } from '../../../src/catalog/hive/hive-catalog.js';
import { FakeMetastore } from './fake.js';
import { type ReceivedCall, startServer, thrown } from './server.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

type Answer = (call: ReceivedCall, nth: number, fake: FakeMetastore) => Buffer | 'normal' | undefined;

/** A catalog over a fake that answers these methods otherwise; undefined = not at all. `nth` counts from 1. */
async function start(answers: Readonly<Record<string, Answer>> = {}) {
  const fake = new FakeMetastore();
  const counts = new Map<string, number>();
  const server = await startServer((call) => {
    const nth = (counts.get(call.method) ?? 0) + 1;
    counts.set(call.method, nth);
    const answer = call.method in answers ? answers[call.method]?.(call, nth, fake) : 'normal';
    return answer === 'normal' ? fake.answer(call) : answer;
  });
  const timeouts = { connect: 1000, read: 300, write: 300 };
  const catalog = createHiveCatalog({ uri: server.uri, timeouts, rereadDelays: [0, 10, 20], user: 'carla' });
  open.push(server, catalog);
  return { fake, catalog, server, count: (method: string) => counts.get(method) ?? 0 };
}

const swallow: Answer = (call, _nth, fake) => {
  fake.answer(call);
  return void call.socket.destroy();
};
const lose: Answer = (call) => void call.socket.destroy();

describe('create_database', () => {
  test('names the database and its owner, no folder', async () => {
    const { catalog, server, fake } = await start();
    expect(await catalog.createNamespace(['New_1'])).toBe('created');
    const sent = getStruct(server.calls.find(({ method }) => method === 'create_database')?.args ?? new Map(), 1) ?? new Map();
    expect([...sent.keys()]).toEqual([1, 4, 6, 7]);
    expect([getText(sent, 1), getText(sent, 6), getInt32(sent, 7)]).toEqual(['new_1', 'carla', 1]);
    expect([...fake.databases.keys()]).toEqual(['db', 'new_1']);
    expect(await catalog.createNamespace(['new_1'])).toBe('already');
  });

  test('whose answer was lost, and there it is: it may be somebody else’s', async () => {
    const { catalog, count } = await start({ create_database: swallow });
    expect(await catalog.createNamespace(['new'])).toBe('already');
    expect(count('create_database')).toBe(1);
  });

  test('whose answer was lost, and there is none: unavailable', async () => {
    const { catalog, count } = await start({ create_database: lose });
    await expect(catalog.createNamespace(['new'])).rejects.toMatchObject({ code: 'catalog-unavailable', retryable: true });
    expect(count('create_database')).toBe(1);
  });

  test.each([
    [2, 'new is not a valid database name', 'unsupported', 22],
    [3, 'Got exception: org.apache.hadoop.security.AccessControlException Permission denied: user=me', 'storage-auth', 30],
    [3, 'Derby is tired', 'catalog-unavailable', 31],
  ])('refused: exception %i, %s', async (exception, words, code, exit) => {
    const { catalog } = await start({ create_database: (call) => thrown(call, exception, words) });
    await expect(catalog.createNamespace(['new'])).rejects.toMatchObject({
      code,
      exit,
      message: expect.stringContaining(words),
      hint: expect.any(String),
    });
  });

  test('although done', async () => {
    const { catalog } = await start({
      create_database: (call, nth, fake) => {
        fake.databases.set('new', fields([[1, text('new')]]));
        return nth === 1 ? thrown(call, 3, 'retrying failed: duplicate key') : 'normal';
      },
    });
    expect(await catalog.createNamespace(['new'])).toBe('already');
  });

  test.each(['a b', 'é', 'a-b'])('a name that not every server takes (%s) is refused before any call', async (name) => {
    const { catalog, server } = await start();
    await expect(catalog.createNamespace([name])).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('--target-database'),
    });
    expect(server.calls).toEqual([]);
  });
});

describe('drop_database', () => {
  test('only an empty one, and no file', async () => {
    const { catalog, server, fake } = await start();
    fake.tables.set('t', new Map());
    expect(await catalog.dropNamespace(['db'])).toBe('kept');
    fake.tables.clear();
    expect(await catalog.dropNamespace(['db'])).toBe('dropped');
    expect(await catalog.dropNamespace(['db'])).toBe('dropped');
    const drops = server.calls.filter(({ method }) => method === 'drop_database');
    for (const { args } of drops) expect([args.get(2)?.value, args.get(3)?.value]).toEqual([0, 0]);
  });

  test('a busy server is asked again, three times at most', async () => {
    const busy = await start({ drop_database: (call, nth) => (nth === 1 ? thrown(call, 3, 'deadlock') : 'normal') });
    expect(await busy.catalog.dropNamespace(['db'])).toBe('dropped');
    const broken = await start({ drop_database: (call) => thrown(call, 3, 'deadlock') });
    await expect(broken.catalog.dropNamespace(['db'])).rejects.toMatchObject({ code: 'catalog-unavailable' });
    expect(broken.count('drop_database')).toBe(3);
  });
});
