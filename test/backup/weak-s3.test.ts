import { expect, test } from 'vitest';
import { listBackups } from '../../src/repository/list.js';
import { createS3Store } from '../../src/storage/s3/s3-store.js';
import { describeWith } from '../lab/lab.js';
import { freshBucket, labConfig } from '../storage/s3/service.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

async function prepare(store: ReturnType<typeof createS3Store>) {
  const world = await World.open();
  const table = await world.table();
  await table.append([someBytes('1'), someBytes('2')]);
  world.publish(table);
  world.repository = { store, prefix: 'r/' };
  return { world, table, captured: await capture(world, table) };
}

describeWith(['versitygw'], 'a repository on versitygw', (found) => {
  const lab = { ...found, s3: found.versitygw };

  test('two backups of one name at once, again and again: nothing is lost, all are whole', { timeout: 60_000 }, async () => {
    const store = createS3Store(labConfig(lab), await freshBucket(lab));
    const { world, captured } = await prepare(store);
    for (let round = 0; round < 6; round++) {
      const name = `n${round}`;
      const results = await Promise.allSettled([world.backup({ name, fresh: true }), world.backup({ name })]);
      const { backups, damaged } = await listBackups(world.place());
      expect(damaged).toEqual([]);
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'backup-exists' });
        else expect(backups.map(({ id }) => id)).toContain(result.value.backup?.id);
      }
      const named = backups.filter((backup) => backup.name === name);
      expect(named.length).toBeGreaterThan(0);
      for (const { selector } of named) {
        expect((await world.verify({ name: selector })).problems).toEqual([]);
        const [target, targetLocation] = [{ namespace: ['db'], name: selector }, world.uri('wh', `db/${selector}`)];
        const restored = await world.restore({ backupName: selector, target, targetLocation });
        await expectTable(world, captured, restored as Restored);
      }
      if (named.length > 1) await failure(world.verify({ name }), 'usage');
      await failure(world.backup({ name }), 'backup-exists');
    }
    const record = JSON.parse((await store.get('r/bcn.json')).bytes.toString());
    expect(record.features).toEqual(['commits-by-run']);
  });
});

describeWith(['s3'], 'a repository on MinIO', (lab) => {
  test('keeps backups by name, and nothing of the probe', async () => {
    const store = createS3Store(labConfig(lab), await freshBucket(lab));
    const { world } = await prepare(store);
    expect((await world.backup()).backup?.selector).toBe('b');
    expect(JSON.parse((await store.get('r/bcn.json')).bytes.toString()).features).toEqual([]);
    const keys: string[] = [];
    for await (const page of store.list('r/')) keys.push(...page.objects.map(({ key }) => key));
    expect(keys).toContain('r/backups/b.json');
    expect(keys.filter((key) => key.includes('/probe/'))).toEqual([]);
  });
});
