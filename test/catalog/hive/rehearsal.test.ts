import { afterEach, describe, expect, test } from 'vitest';
import { fields, getStruct, getText, getTextMap, text, textMap } from '../../../src/catalog/hive/fields.js';
import { createHiveCatalog } from '../../../src/catalog/hive/hive-catalog.js';
import { rehearsalOf } from '../../../src/catalog/hive/rehearsal-entry.js';
import type { Registration } from '../../../src/catalog/port.js';
import { tableMetadata } from '../table-metadata.js';
import { FakeMetastore } from './fake.js';
import { type ReceivedCall, startServer, thrown } from './server.js';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const ident = { namespace: ['db'], name: 't' };
const registration: Registration = {
  ident,
  metadataLocation: 's3a://warehouse/db/t/metadata/00001-a.metadata.json',
  metadata: tableMetadata(),
};
const OWN = rehearsalOf(ident);
const CREATE = 'create_table';
const DROP = 'drop_table_with_environment_context';
const GET = 'get_table_req';

type Answer = Buffer | 'normal' | undefined;
type Answers = Readonly<Record<string, (call: ReceivedCall, nth: number, fake: FakeMetastore) => Answer>>;

/** A catalog over a fake that answers some methods otherwise; undefined = not at all. `nth` counts from 1. */
async function start(answers: Answers = {}) {
  const fake = new FakeMetastore();
  const counts = new Map<string, number>();
  const server = await startServer((call) => {
    const nth = (counts.get(call.method) ?? 0) + 1;
    counts.set(call.method, nth);
    const answer = answers[call.method]?.(call, nth, fake);
    return call.method in answers && answer !== 'normal' ? answer : fake.answer(call);
  });
  const timeouts = { connect: 1000, read: 300, write: 300 };
  const catalog = createHiveCatalog({ uri: server.uri, timeouts, rereadDelays: [0, 10, 20] });
  open.push(server, catalog);
  return { fake, catalog, server, count: (method: string) => counts.get(method) ?? 0 };
}

const marked = (token: string) =>
  fields([
    [1, text(OWN.name)],
    [
      9,
      textMap([
        ['table_type', 'BCN_REHEARSAL'],
        ['bcn.rehearsal', token],
      ]),
    ],
  ]);
/** The server carries the call out, and its answer is lost. */
function swallow(call: ReceivedCall, fake: FakeMetastore): undefined {
  fake.answer(call);
  call.socket.destroy();
  return undefined;
}
const lose = (call: ReceivedCall): undefined => void call.socket.destroy();

test('one entry is made and dropped, without a look', async () => {
  const { catalog, server, fake } = await start();
  expect(await catalog.rehearse(registration)).toBeUndefined();
  expect(server.calls.map(({ method }) => method)).toEqual([CREATE, DROP]);
  expect(fake.tables.size).toBe(0);
  const [create, drop] = server.calls;
  const entry = getStruct(create?.args ?? new Map(), 1) ?? new Map();
  expect([getText(entry, 2), getText(entry, 1)]).toEqual(['db', OWN.name]);
  expect(getTextMap(entry, 9).get('metadata_location')).toBe(registration.metadataLocation);
  expect([getText(drop?.args ?? new Map(), 2), drop?.args.get(3)?.value]).toEqual([OWN.name, 0]);
});

describe('create_table without an answer', () => {
  test('it was done: that is enough', async () => {
    const { catalog, fake, count } = await start({ [CREATE]: (call, _nth, them) => swallow(call, them) });
    expect(await catalog.rehearse(registration)).toBeUndefined();
    expect([count(CREATE), fake.tables.size]).toEqual([1, 0]);
  });

  test('it was not: once more', async () => {
    const { catalog, fake, count } = await start({ [CREATE]: (call, nth) => (nth === 1 ? lose(call) : 'normal') });
    expect(await catalog.rehearse(registration)).toBeUndefined();
    expect([count(CREATE), fake.tables.size]).toEqual([2, 0]);
  });

  test('it lands late: removed when the restore is done', async () => {
    const { catalog, fake } = await start({ [CREATE]: (call, nth) => (nth === 1 ? lose(call) : 'normal') });
    await catalog.rehearse(registration);
    fake.tables.set(OWN.name, marked('late'));
    expect(await catalog.endRehearsal(ident)).toBeUndefined();
    expect(fake.tables.size).toBe(0);
  });

  test('never: unavailable, for a rerun', async () => {
    const { catalog } = await start({ [CREATE]: lose });
    await expect(catalog.rehearse(registration)).rejects.toMatchObject({ code: 'catalog-unavailable', exit: 31, table: 'db.t' });
  });

  test('nor to what became of it: unavailable', async () => {
    const { catalog, count } = await start({ [CREATE]: lose, [GET]: lose });
    await expect(catalog.rehearse(registration)).rejects.toMatchObject({ code: 'catalog-unavailable' });
    expect(count(CREATE)).toBe(1);
  });

  test('the server is not there: nothing is asked again', async () => {
    const { catalog, server } = await start();
    open.splice(open.indexOf(server), 1);
    await server.close();
    await expect(catalog.rehearse(registration)).rejects.toMatchObject({ code: 'catalog-unavailable' });
  });

  test('interrupted: said so, and the next rehearsal removes what is left', async () => {
    const abort = new AbortController();
    const { catalog, fake } = await start({
      [CREATE]: (call, nth, them) => {
        if (nth > 1) return 'normal';
        them.answer(call);
        abort.abort();
        return undefined;
      },
    });
    await expect(catalog.rehearse(registration, { signal: abort.signal })).rejects.toMatchObject({ code: 'interrupted' });
    expect(fake.tables.size).toBe(1);
    expect(await catalog.rehearse(registration)).toBeUndefined();
    expect(fake.tables.size).toBe(0);
  });
});

describe('an entry in the way', () => {
  test('of a rehearsal that died: removed', async () => {
    const { catalog, fake } = await start();
    fake.tables.set(OWN.name, marked('dead'));
    expect(await catalog.rehearse(registration)).toBeUndefined();
    expect(fake.tables.size).toBe(0);
  });

  test('of a twin that drops it at once, and ours after it: tolerated', async () => {
    const { catalog } = await start({
      [CREATE]: (call, nth) => (nth === 1 ? thrown(call, 1, 'exists') : 'normal'),
      [DROP]: (call) => thrown(call, 1, 'no such table'),
    });
    expect(await catalog.rehearse(registration)).toBeUndefined();
  });

  test('of a twin that the server knew of too late, as 4.0.0 says it: again', async () => {
    const { catalog, count } = await start({
      [CREATE]: (call, nth) =>
        nth === 1 ? thrown(call, 3, 'using statement "INSERT INTO TBLS (…)" failed : duplicate key') : 'normal',
    });
    expect(await catalog.rehearse(registration)).toBeUndefined();
    expect(count(CREATE)).toBe(2);
  });

  test('of a twin, with a server that fails otherwise: again', async () => {
    const { catalog, fake, count } = await start({
      [CREATE]: (call, nth, them) => {
        if (nth > 1) return 'normal';
        them.tables.set(OWN.name, marked('twin'));
        return thrown(call, 3, 'Derby is tired');
      },
    });
    expect(await catalog.rehearse(registration)).toBeUndefined();
    expect([count(CREATE), fake.tables.size]).toEqual([2, 0]);
  });

  test('of others again and again: busy, and worth another try', async () => {
    const { catalog, count } = await start({
      [CREATE]: (call, nth, fake) => {
        fake.tables.set(OWN.name, marked(String(nth)));
        return thrown(call, 1, 'exists');
      },
    });
    await expect(catalog.rehearse(registration)).rejects.toMatchObject({ code: 'busy', retryable: true });
    expect(count(CREATE)).toBe(5);
  });

  test('that is somebody’s table: not touched, told, and no reason to refuse', async () => {
    const { catalog, fake } = await start();
    const table = fields([[9, textMap([['bcn.rehearsal', 'x']])]]);
    fake.tables.set(OWN.name, table);
    expect(await catalog.rehearse(registration)).toMatchObject({ ident: OWN, rehearsal: false });
    expect(await catalog.endRehearsal(ident)).toBeUndefined();
    expect(fake.tables.get(OWN.name)).toBe(table);
  });

  test('that the server does not let go: told', async () => {
    const { catalog, fake } = await start({ [DROP]: (call) => thrown(call, 2, 'no DROP for you') });
    fake.tables.set(OWN.name, marked('stuck'));
    expect(await catalog.rehearse(registration)).toMatchObject({
      ident: OWN,
      reason: expect.stringContaining('no DROP for you'),
    });
  });
});

describe('the drop', () => {
  test('refused: the entry is named, and the rehearsal has passed', async () => {
    const { catalog, fake, count } = await start({ [DROP]: (call) => thrown(call, 2, 'no DROP for you') });
    expect(await catalog.rehearse(registration)).toEqual({
      ident: OWN,
      rehearsal: true,
      reason: expect.stringContaining('no DROP for you'),
    });
    expect([count(CREATE), count(DROP), fake.tables.size]).toEqual([1, 1, 1]);
  });

  test('refused although done', async () => {
    const { catalog } = await start({
      [DROP]: (call, _nth, fake) => {
        fake.answer(call);
        return thrown(call, 2, 'retrying failed');
      },
    });
    expect(await catalog.rehearse(registration)).toBeUndefined();
  });

  test.each([
    ['done', swallow],
    ['not done', lose],
  ])('without an answer, %s: read, and repeated where needed', async (_what, first) => {
    const { catalog, fake } = await start({ [DROP]: (call, nth, them) => (nth === 1 ? first(call, them) : 'normal') });
    expect(await catalog.rehearse(registration)).toBeUndefined();
    expect(fake.tables.size).toBe(0);
  });

  test('never with an answer: the entry is named', async () => {
    const { catalog, count } = await start({ [DROP]: lose });
    expect(await catalog.rehearse(registration)).toMatchObject({ ident: OWN });
    expect(count(DROP)).toBe(5);
  });
});

test('a refusal is register’s own, and nothing is left', async () => {
  for (const [exception, words] of [
    [2, 'Invalid column type'],
    [3, 'Got exception: org.apache.hadoop.fs.UnsupportedFileSystemException No FileSystem for scheme "gs"'],
    [3, 'Derby is tired'],
  ] as const) {
    const { catalog, fake } = await start({ [CREATE]: (call) => thrown(call, exception, words) });
    const outcome = async (call: Promise<unknown>) => {
      const { code, message, hint, table, object } = await call.then(
        () => Promise.reject(new Error('it passed')),
        (error: Record<string, unknown>) => error,
      );
      return { code, message, hint, table, object };
    };
    expect(await outcome(catalog.rehearse(registration))).toEqual(await outcome(catalog.register(registration)));
    expect(fake.tables.size).toBe(0);
  }
});

test('what a rehearsal left is no table to anybody', async () => {
  const { catalog, fake } = await start();
  const { location } = registration.metadata;
  await catalog.register(registration);
  const table = fake.tables.get('t') ?? new Map();
  fake.tables.set(OWN.name, new Map(table).set(1, text(OWN.name)).set(9, marked('x').get(9) as never));
  const names = async () => {
    const found: string[] = [];
    for await (const { name } of catalog.list(['db'])) found.push(name);
    return found;
  };
  expect(await names()).toEqual(['t']);
  fake.tables.delete('t');
  expect(await names()).toEqual([]);
  expect(await catalog.findAt(location)).toBeUndefined();
  await expect(catalog.load(OWN)).rejects.toMatchObject({ code: 'unsupported' });
  await expect(catalog.load({ ...ident, name: 'bcn_rehearsa' })).rejects.not.toMatchObject({
    hint: expect.stringContaining(OWN.name),
  });
});
