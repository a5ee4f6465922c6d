import { describe, expect, test } from 'vitest';
import { BcnError, type ErrorCode } from '../../src/errors.js';
import type { RestoreOptions } from '../../src/restore/options.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes, type TableWriter } from '../support/table.js';
import { failure, World } from '../support/world.js';

async function prepare(mode: 'copy' | 'reference' = 'copy'): Promise<{ world: World; table: TableWriter }> {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  await table.append([someBytes('3')]);
  world.publish(table);
  await world.backup({ mode });
  return { world, table };
}

const NEW: Partial<RestoreOptions> = { target: { namespace: ['new'], name: 'r' }, createNamespace: true };
const COPIES = ['copy', 'upload'];
const records = (keys: readonly string[]) => keys.filter((key) => key.includes('.bcn-restore-'));
const no = (code: ErrorCode) => new BcnError(code, 'the catalog says no', { hint: 'Ask it.' });

/** A process that is not allowed some requests. */
class Denied extends Faults {
  readonly #denied: (op: string, key: string) => boolean;

  constructor(denied: (op: string, key: string) => boolean, at?: number) {
    super(at === undefined ? undefined : 'crash-before', at);
    this.#denied = denied;
  }

  override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
    if (!this.#denied(op, key)) return super.run(op, key, call);
    throw new BcnError('storage-auth', `${op} ${key}: AccessDenied`, { object: key, hint: 'Give this identity the permission.' });
  }
}

test('all is asked between the claim and the first copy', async () => {
  const { world } = await prepare();
  world.tables.namespaces = new Set(['db']);
  const faults = new Faults();
  await world.restore(NEW, faults);
  const first = faults.log.findIndex(({ op }) => COPIES.includes(op));
  const before = faults.log.slice(0, first).filter(({ op }) => op !== 'get' && op !== 'list' && op !== 'load' && op !== 'read');
  expect(before.map(({ op, key }) => `${op} ${key.replace(/^.*(?=json$|probe$)/, '')}`)).toEqual([
    'create json',
    'create probe',
    'delete probe',
    'createNamespace new',
    'rehearse new.rehearsal_of_r',
    'endRehearsal new.rehearsal_of_r',
  ]);
  expect(faults.log.slice(0, first).filter(({ op }) => op === 'read')).toHaveLength(1);
  expect([...world.tables.keys()]).toEqual(['db.t', 'new.r']);
});

test('a plan asks nothing that needs a write, and says what will be made', async () => {
  const { world } = await prepare();
  world.tables.namespaces = new Set(['db']);
  world.tables.refusal = no('unsupported');
  const faults = new Faults();
  expect(await world.restore({ ...NEW, dryRun: true }, faults)).toMatchObject({ plan: { createsNamespace: 'new' } });
  expect(new Set(faults.log.map(({ op }) => op))).toEqual(new Set(['get', 'list', 'load', 'read']));
  expect(world.tables.namespaces).toEqual(new Set(['db']));
  expect((await failure(world.restore({ ...NEW, createNamespace: false }), 'namespace-not-found')).exit).toBe(20);
});

/** A restore that copies everything and is killed before it registers. */
async function dieAtRegister(world: World): Promise<void> {
  const whole = new Faults();
  await world.fork().restore({}, whole);
  const at = whole.log.findIndex(({ op }) => op === 'register');
  await world.restore({}, new Faults('crash-before', at)).catch(() => {});
}

describe('the catalog says no', () => {
  test.each(['unsupported', 'config', 'storage-auth', 'table-exists', 'namespace-not-found'] as const)(
    '%s: nothing was copied, and nothing stays, nor the database that was made for it',
    async (code) => {
      const { world } = await prepare();
      world.tables.namespaces = new Set(['db']);
      world.tables.refusal = no(code);
      const faults = new Faults();
      expect((await failure(world.restore(NEW, faults), code)).message).toBe('the catalog says no');
      expect(faults.done(...COPIES)).toEqual([]);
      expect(await world.keys('wh')).toEqual([]);
      expect([...world.tables.keys()]).toEqual(['db.t']);
      expect(world.tables.namespaces).toEqual(new Set(['db']));
      expect(world.notes).toEqual([]);
    },
  );

  test('a database that was there stays, and so does one that somebody uses by now', async () => {
    const { world } = await prepare();
    world.tables.namespaces = new Set(['db', 'new']);
    world.tables.refusal = no('unsupported');
    await failure(world.restore(NEW), 'unsupported');
    expect(world.tables.namespaces).toEqual(new Set(['db', 'new']));

    world.tables.namespaces = new Set(['db']);
    class Used extends Faults {
      override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
        if (op === 'rehearse')
          world.tables.set('new.other', { metadataLocation: 'memory://wh/x.json', location: 'memory://wh/x' });
        return super.run(op, key, call);
      }
    }
    await failure(world.restore(NEW, new Used()), 'unsupported');
    expect(world.tables.namespaces).toEqual(new Set(['db', 'new']));
    expect(world.notes.join('\n')).toContain('the database new, which was made for this restore, is still there');
  });

  test('not now: claim and database stay for the same command', async () => {
    const { world, table } = await prepare();
    world.tables.namespaces = new Set(['db']);
    world.tables.refusal = no('catalog-unavailable');
    await failure(world.restore(NEW), 'catalog-unavailable');
    expect(records(await world.keys('wh'))).toHaveLength(1);
    expect(world.tables.namespaces).toEqual(new Set(['db', 'new']));
    world.tables.refusal = undefined;
    await expectTable(world, await capture(world, table), (await world.restore(NEW)) as Restored);
  });

  test('to a restore that goes on: what was copied stays, and is not copied again when the catalog has changed its mind', async () => {
    const { world, table } = await prepare();
    await dieAtRegister(world);
    const held = await world.keys('wh');
    world.tables.refusal = no('config');
    await failure(world.restore(), 'config');
    expect(await world.keys('wh')).toEqual(held);
    expect(world.notes.join('\n')).toContain('what an earlier attempt wrote below memory://wh/db/r is still there');
    world.tables.refusal = undefined;
    const again = new Faults();
    await expectTable(world, await capture(world, table), (await world.restore({}, again)) as Restored);
    expect(again.done(...COPIES)).toEqual([]);
  });
});

test.each(['crash-before', 'crash-after', 'outage-before', 'outage-after', 'once-before', 'once-after'] as const)(
  '%s at every request of a restore that makes its database: the same command ends with the table and nothing else',
  { timeout: 60_000 },
  async (kind) => {
    const { world: before } = await prepare();
    before.tables.namespaces = new Set(['db']);
    const whole = new Faults();
    await before.fork().restore(NEW, whole);
    for (let at = 0; at < whole.ops; at++) {
      const world = before.fork();
      await world.restore(NEW, new Faults(kind, at)).catch(() => {});
      await world.restore(NEW).catch((error: unknown) => {
        // Only the very last answer was lost.
        if (!(error instanceof BcnError && error.code === 'table-exists')) throw error;
      });
      expect([...world.tables.keys()], `at ${at}`).toEqual(['db.t', 'new.r']);
      expect(records(await world.keys('wh')), `at ${at}`).toEqual([]);
    }
  },
);

test('an entry of the rehearsal that appears late goes when the table is there', async () => {
  const { world } = await prepare();
  class Late extends Faults {
    override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
      const late = { metadataLocation: 'memory://wh/db/r/x.json', location: 'memory://wh/db/r', rehearsal: true as const };
      if (op === 'register') world.tables.set('db.rehearsal_of_r', late);
      return super.run(op, key, call);
    }
  }
  await world.restore({}, new Late());
  expect([...world.tables.keys()]).toEqual(['db.t', 'db.r']);
});

describe('an identity that may write but not delete', () => {
  const denied = (op: string) => op === 'delete';

  test('is told before the first copy, restores, and is told what stays', async () => {
    const { world, table } = await prepare();
    const notes: string[][] = [];
    class Watched extends Denied {
      override run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
        if (COPIES.includes(op)) notes.push([...world.notes]);
        return super.run(op, key, call);
      }
    }
    const restored = await world.restore({}, new Watched(denied));
    expect(restored.outcome).toBe('restored');
    expect(notes[0]).toEqual([
      expect.stringMatching(/objects below memory:\/\/wh\/db\/r may be written, but not deleted: .*AccessDenied/),
    ]);
    expect(world.notes.at(-1)).toMatch(
      /db\.r is restored; the record of it at memory:.*\.json stays, since it may not be deleted/,
    );
    const stays = records(await world.keys('wh')).map((key) => world.uri('wh', key));
    expect(stays.map((uri) => uri.replace(/.*\.(?=json|probe|registering)/, '').replace(/-.*/, '')).toSorted()).toEqual([
      'json',
      'probe',
      'registering',
    ]);
    await expectTable(world, await capture(world, table), restored as Restored, stays);
    // The same command says what it is, as often as it is given, until somebody may delete.
    for (const faults of [new Denied(denied), new Faults()]) {
      expect(await world.restore({}, faults)).toMatchObject({ outcome: 'already', metadataLocation: restored.metadataLocation });
    }
    expect(records(await world.keys('wh'))).toEqual([]);
  });

  test('is told the reason of a refusal, and that it left something', async () => {
    const { world, table } = await prepare();
    world.tables.refusal = no('unsupported');
    await failure(world.restore({}, new Denied(denied)), 'unsupported');
    expect(world.notes.at(-1)).toContain('what this restore wrote below memory://wh/db/r is still there');
    world.tables.refusal = undefined;
    // At the very end, too, where the announcement of the registration cannot be taken back.
    class Taken extends Denied {
      override run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
        if (op === 'register') world.tables.refusal = no('table-exists');
        return super.run(op, key, call);
      }
    }
    expect((await failure(world.restore({}, new Taken(denied)), 'table-exists')).message).toBe('the catalog says no');
    // What it left stands in nobody's way.
    world.tables.refusal = undefined;
    await expectTable(world, await capture(world, table), (await world.restore()) as Restored);
  });

  test('may not abort, and spoils nothing by trying to', async () => {
    const { world, table } = await prepare();
    const whole = new Faults();
    await world.fork().restore({}, whole);
    await world.restore({}, new Faults('crash-before', whole.log.findIndex(({ op }) => op === 'register') - 2)).catch(() => {});
    const held = await world.keys('wh');
    expect(await failure(world.abort({}, new Denied(denied)), 'storage-auth')).toMatchObject({ exit: 30 });
    expect((await world.keys('wh')).filter((key) => !key.endsWith('.probe'))).toEqual(held);
    await expectTable(world, await capture(world, table), (await world.restore()) as Restored);
  });

  test('finds what another process put there, and says that', async () => {
    const { world } = await prepare();
    class Foreign extends Denied {
      override async run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
        const result = await super.run(op, key, call);
        if (op === 'create' && key.endsWith('.json')) await world.put(world.uri('wh', 'db/r/foreign'), 'x');
        return result;
      }
    }
    const error = await failure(world.restore({}, new Foreign(denied)), 'target-not-empty');
    expect(error.object).toBe(world.uri('wh', 'db/r/foreign'));
  });
});

test.each([
  ['create', 'the claim'],
  ['list', 'the look into the target'],
])('without the right to %s nothing is written: 30', async (op) => {
  const { world } = await prepare();
  const denied = new Denied((each, key) => each === op && key.startsWith('memory://wh/'));
  expect(await failure(world.restore({}, denied), 'storage-auth')).toMatchObject({
    exit: 30,
    hint: expect.stringContaining('permission'),
  });
  expect(await world.keys('wh')).toEqual([]);
  expect(denied.done('rehearse', ...COPIES)).toEqual([]);
});

describe('content that cannot be read is found before the claim', () => {
  test.each(['copy', 'reference'] as const)('for want of permission (%s): 30', async (mode) => {
    const { world } = await prepare(mode);
    const place = mode === 'copy' ? 'memory://repo/' : 'memory://src/';
    const denied = new Denied((op, key) => op === 'read' && key.startsWith(place));
    for (const dryRun of [true, false]) await failure(world.restore({ dryRun }, denied), 'storage-auth');
    expect(denied.done('create')).toEqual([]);
    expect(await world.keys('wh')).toEqual([]);
  });

  test('since it is gone: 32', async () => {
    const { world, table } = await prepare('reference');
    const [first] = [...table.live().keys()].toSorted();
    await world.remove(first as string);
    const faults = new Faults();
    const error = await failure(world.restore({}, faults), 'corrupt');
    expect(error).toMatchObject({ exit: 32, object: first, hint: expect.stringContaining('dies with its source') });
    expect(faults.done('create')).toEqual([]);
  });

  test('but only what is still to be copied is looked for', async () => {
    const { world, table } = await prepare('reference');
    const captured = await capture(world, table);
    await dieAtRegister(world);
    for (const uri of table.live().keys()) await world.remove(uri);
    await expectTable(world, captured, (await world.restore()) as Restored);
  });
});
