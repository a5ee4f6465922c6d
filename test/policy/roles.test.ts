import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { writeEvent } from '../../src/repository/events.js';
import { hinted, markHints, writeHint } from '../../src/repository/hints.js';
import { run } from '../cli/run.js';
import { describeWith } from '../lab/lab.js';
import { freshBucket } from '../storage/s3/service.js';
import { assumeRole } from '../storage/s3/sts.js';
import { Faults, Killed } from '../support/faults.js';
import { failure, type World } from '../support/world.js';
import { Roles } from './roles.js';

const SLOW = { timeout: 120_000 };
/** Times of a real store are whole seconds. */
const GRACE = 2000;
const nextSecond = () => sleep(1100);

/** A process that dies when its content is copied and its metadata is not yet there. */
class Cut extends Faults {
  #dead = false;

  override run<T>(op: string, key: string, call: () => Promise<T>): Promise<T> {
    this.#dead ||= key.includes('/meta/');
    return this.#dead ? Promise.reject(new Killed(key)) : super.run(op, key, call);
  }
}

const denied = (call: Promise<unknown>) => failure(call, 'storage-auth');

/** An object of the repository, as this identity's store names it. */
const at = (world: World, key: string) => ({ store: world.place().store, key: `${world.place().prefix}${key}` });

async function assertCannotRemove(world: World, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const { store, key: full } = at(world, key);
    expect((await denied(store.delete([full]))).hint).toContain('s3:DeleteObject');
  }
}

async function assertCannotWrite(world: World, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const { store, key: full } = at(world, key);
    expect((await denied(store.create(full, Buffer.from('x')))).hint).toContain('s3:PutObject');
  }
}

describeWith(['s3'], 'the printed policies, by identities of MinIO', ({ s3 }) => {
  test('backup: first, interrupted and continued, incremental, in parts; deletes nothing, writes no event', SLOW, async () => {
    const roles = await Roles.open(s3);
    const table = await roles.table();
    const world = await roles.as('backup');
    await expect(world.backup({ name: 'cut' }, new Cut())).rejects.toThrow(Killed);
    const again = new Faults();
    expect(await world.backup({ name: 'cut' }, again)).toMatchObject({ outcome: 'created' });
    expect([again.done('abortUploads').length, again.done('copy')]).toEqual([1, []]);
    await nextSecond();
    await table.append(['more']);
    world.publish(table);
    expect(await world.backup({ name: 'second' })).toMatchObject({
      outcome: 'created',
      backup: { tables: [{ files: { new: 1 } }] },
    });
    await nextSecond();
    expect(await world.backup({ name: 'third' })).toMatchObject({
      outcome: 'created',
      backup: { tables: [{ files: { new: 0 } }] },
    });
    expect((await roles.full.verify({ name: 'second' })).problems).toEqual([]);

    const { id, run } = (await roles.full.commit('second')) ?? { id: '', run: '' };
    // An upload in parts is begun again without a checksum that MinIO refuses, so one is aborted.
    expect(roles.unused(world)).toEqual([]);
    // A delete first marks a hint, which it may: all that a mark does is to have the events looked at.
    await denied(world.delete('second'));
    expect((await roles.full.verify({ name: 'second' })).problems).toEqual([]);
    const before = await roles.keys();
    await assertCannotRemove(world, ['backups/second.json', 'bcn.json', `runs/${run}/begin.json`]);
    await assertCannotWrite(
      world,
      [`events/${id}/000001-verified.json`, '../other/x', 'else/x'].filter((key) => !key.startsWith('..')),
    );
    await denied(at(world, '').store.create('other/x', Buffer.from('x')));
    await denied(roles.full.store('src') && world.store('src').create('db/t/x', Buffer.from('x')));
    expect(await roles.keys()).toEqual(before);
  });

  test('restore: whole, interrupted and resumed, aborted; writes nothing into the repository', SLOW, async () => {
    const roles = await Roles.open(s3);
    await roles.table();
    await roles.full.backup();
    const before = await roles.keys();
    const world = await roles.as('restore');
    const options = { targetLocation: world.uri('wh', 'db/r') };
    const log = new Faults();
    await world.restore({ targetLocation: world.uri('wh', 'db/other'), target: { namespace: ['db'], name: 'other' } }, log);
    const middle = log.log.findIndex(({ key }) => key.includes('.registering-'));
    await world.restore(options, new Faults('crash-before', middle)).catch(() => undefined);
    expect(await world.restore(options)).toMatchObject({ outcome: 'restored' });
    expect(world.notes.filter((note) => /not deleted|still there/.test(note))).toEqual([]);
    const third = { targetLocation: world.uri('wh', 'db/third'), target: { namespace: ['db'], name: 'third' } };
    await world.restore(third, new Faults('crash-before', middle)).catch(() => undefined);
    expect((await world.abort(third)).objects).toBeGreaterThan(0);

    expect(roles.unused(world)).toEqual([]);
    const run = (await roles.full.commit())?.run;
    await assertCannotRemove(world, ['backups/b.json', 'bcn.json', `runs/${run}/begin.json`]);
    await assertCannotWrite(world, ['backups/x.json', 'events/x/000001-deleted.json', `runs/${run}/data/x`, 'tables/x']);
    await denied(world.delete('b'));
    // Beside the target, also where the source lies.
    await denied(world.store('wh').create('restored/else/x', Buffer.from('x')));
    await denied(world.store('wh').get('db/t/metadata/x'));
    expect(await roles.keys()).toEqual(before);
  });

  test('verify: reads; with --record it writes findings and marks, and no delete', SLOW, async () => {
    const roles = await Roles.open(s3);
    await roles.table();
    await roles.full.backup();
    const commit = await roles.full.commit();
    if (!commit) throw new Error('no backup');
    const { id } = commit;
    const before = await roles.keys();
    const reader = await roles.as('verify');
    expect(await reader.verify({ record: true })).toMatchObject({ problems: [], recorded: 'refused' });
    expect(roles.unused(reader)).toEqual([]);
    await assertCannotWrite(reader, [`events/${id}/000001-verified.json`, 'tables/x', 'runs/x/y']);
    await assertCannotRemove(reader, ['backups/b.json']);
    expect(await roles.keys()).toEqual(before);

    const writer = await roles.as('verify', '--record');
    expect(await writer.verify({ record: true })).toMatchObject({ problems: [], recorded: 'all' });
    expect(roles.unused(writer)).toEqual([]);
    for (const random of [false, true])
      for (const kind of ['verified', 'damaged', 'repaired'] as const)
        await writeEvent(writer.place(), id, kind, { next: 1, random });
    await markHints(writer.place(), hinted(commit));
    // Best effort, so it says nothing.
    await writeHint(writer.place(), { catalog: 'c', table: 'db.other' }, commit);
    const after = await roles.keys();
    expect(after.filter((key) => key.startsWith('events/'))).toHaveLength(7);
    expect(after.filter((key) => key.startsWith('tables/'))).toHaveLength(2);
    for (const random of [false, true])
      for (const kind of ['deleted', 'undeleted', 'purged', 'attached'] as const)
        await denied(writeEvent(writer.place(), id, kind, { next: 9, random }));
    await assertCannotWrite(writer, ['backups/x.json', 'runs/x/y', 'bcn2.json', 'else/x']);
    await assertCannotRemove(writer, ['backups/b.json', after.find((key) => key.startsWith('events/')) ?? '']);
    expect(await roles.keys()).toEqual(after);
  });

  test(
    'backup --repair: what is damaged is brought again, and that is recorded; without it the record is refused',
    SLOW,
    async () => {
      const roles = await Roles.open(s3);
      await roles.table();
      await roles.full.backup();
      const lost = (await roles.keys()).find((key) => /\/data\/.*parquet$/.test(key)) ?? '';
      const { store, key } = at(roles.full, lost);
      await store.delete([key]);
      expect(await (await roles.as('verify', '--record')).verify({ record: true })).toMatchObject({ recorded: 'all' });
      await denied((await roles.as('backup')).repair());
      expect((await (await roles.as('backup', '--repair')).repair()).after.problems).toBe(0);
      expect((await roles.full.verify({ readData: true })).problems).toEqual([]);
    },
  );

  test('reference mode: what verifies and restores reads the source, where it is told to', SLOW, async () => {
    const roles = await Roles.open(s3);
    await roles.table();
    await (await roles.as('backup')).backup({ mode: 'reference' });
    const source = ['--source', `${roles.lake}/db`];
    await denied((await roles.as('verify')).verify({ readData: true }));
    expect((await (await roles.as('verify', ...source)).verify({ readData: true })).problems).toEqual([]);
    const options = (world: World) => ({ targetLocation: world.uri('wh', 'db/r') });
    const without = await roles.as('restore');
    await denied(without.restore(options(without)));
    const world = await roles.as('restore', ...source);
    expect(await world.restore(options(world))).toMatchObject({ outcome: 'restored' });
    await denied(world.store('src').create('db/t/x', Buffer.from('x')));
  });

  test('copy: what a backup needs at the destination, with the first repository as its source', SLOW, async () => {
    const roles = await Roles.open(s3);
    await roles.table();
    await roles.full.backup();
    const before = await roles.keys();
    const to = `${await freshBucket({ s3 })}/mirror`;
    const from = `${roles.backups}/repo`;
    const printed = await run(['policy', 's3', '--role', 'backup', '--source', from, '--quiet'], { env: { BACKUP_BUCKET: to } });
    const { Statement } = JSON.parse(printed.stdout) as { readonly Statement: readonly object[] };
    const { accessKeyId, secretAccessKey, sessionToken } = await assumeRole(s3, Statement);
    const keys = { S3_ACCESS_KEY: accessKeyId, S3_SECRET_KEY: secretAccessKey, S3_SESSION_TOKEN: sessionToken };
    const env = { ...keys, S3_ENDPOINT: s3.endpoint };
    const copied = await run(['copy', '--to', to, '--json'], { env: { ...env, BACKUP_BUCKET: from } });
    expect(copied.exit, copied.stdout).toBe(0);
    expect(copied.events().at(-1)).toMatchObject({ ok: true, server_side: true });
    expect(await run(['verify', 'b', '--read-data', '--no-record'], { env: { ...env, BACKUP_BUCKET: to } })).toMatchObject({
      exit: 0,
    });
    // The other way round there is nothing to write; and a delete is not a copy's.
    expect(await run(['copy', '--to', from], { env: { ...env, BACKUP_BUCKET: to } })).toMatchObject({ exit: 0 });
    expect(await run(['delete', 'b'], { env: { ...env, BACKUP_BUCKET: from } })).toMatchObject({ exit: 30 });
    expect(await roles.keys()).toEqual(before);
  });

  test('prune: delete, undelete, forget and prune; it makes no backup', SLOW, async () => {
    const roles = await Roles.open(s3);
    await roles.table();
    for (const name of ['one', 'two', 'three']) {
      await roles.full.backup({ name, fresh: true });
      await nextSecond();
    }
    await expect(roles.full.backup({ name: 'cut', fresh: true }, new Cut())).rejects.toThrow(Killed);
    const world = await roles.as('prune');
    await world.delete('two');
    await world.undelete('two');
    await world.delete('one');
    expect((await world.forget({ policy: { last: 1 } })).outcome).toBe('forgotten');
    await sleep(GRACE + 1500);
    expect((await world.prune({ grace: GRACE })).backups).toEqual(['one', 'two']);
    expect((await roles.full.verify({ name: 'three' })).problems).toEqual([]);
    // MinIO lists no unfinished uploads by a prefix, so there is none to abort.
    expect(roles.unused(world)).toEqual(['s3:AbortMultipartUpload']);
    const left = new Set((await roles.keys()).flatMap((key) => /^runs\/([^/]+)/.exec(key)?.[1] ?? []));
    expect([...left]).toEqual([(await roles.full.commit('three'))?.run]);
    await assertCannotWrite(world, ['backups/x.json', 'runs/x/y', 'tables/x', 'else/x']);
    await assertCannotRemove(world, ['bcn.json', 'else/x']);
    await denied(world.store('src').get('db/t/x'));
  });

  test('MinIO does not know the condition that AWS has, and refuses the policy rather than ignore it', async () => {
    const roles = await Roles.open(s3);
    const statements = await roles.policy('backup', '--if-none-match');
    await expect(assumeRole(s3, statements)).rejects.toThrow(/invalid condition key.*if-none-match/);
  });
});
