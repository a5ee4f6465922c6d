import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FileStore } from '../../src/storage/file/file-store.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';
import { createS3Store } from '../../src/storage/s3/s3-store.js';
import { STRANGE } from '../conformance/storage-parts/keys.js';
import { describeWith } from '../lab/lab.js';
import { freshBucket, labConfig } from '../storage/s3/service.js';
import { capture, expectTable, type Restored } from '../support/compare.js';
import { Faults } from '../support/faults.js';
import { someBytes } from '../support/table.js';
import { failure, type Places, World } from '../support/world.js';

type Place = Places[keyof Places];

describeWith(['s3', 'versitygw'], 'tables with odd file names on real stores', (lab) => {
  const second = { ...lab, s3: lab.versitygw };

  const s3 = async (part: typeof lab): Promise<Place> => {
    const store = createS3Store({ ...labConfig(part), multipartThreshold: 5 << 20, partSize: 5 << 20 }, await freshBucket(part));
    return { uri: store.uri, store };
  };
  const open: Readonly<Record<string, () => Promise<Place>>> = {
    MinIO: () => s3(lab),
    versitygw: () => s3(second),
    memory: async () => {
      const store = new MemoryStore(randomUUID());
      return { uri: store.uri, store };
    },
    file: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bcn-odd-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      return { uri: `file://${folder}`, store: new FileStore() };
    },
  };

  async function world(src: string, repo: string, wh: string): Promise<World> {
    const [a, b, c] = await Promise.all([src, repo, wh].map((name) => (open[name] as () => Promise<Place>)()));
    return World.open({ places: { src: a, repo: b, wh: c } as Places });
  }

  async function tableOf(made: World, names: readonly string[], big: readonly string[] = []) {
    const table = await made.table({}, 'db/t');
    await table.append(Object.fromEntries(names.map((name) => [name, someBytes(name)])));
    await table.append(Object.fromEntries(big.map((name) => [name, someBytes(name, 6 << 20)])));
    made.publish(table);
    return capture(made, table);
  }

  /** A name of this many bytes, of segments of this many bytes. */
  const fill = (bytes: number, segment: number) => {
    let name = '';
    while (bytes - Buffer.byteLength(name) > segment + 1) name += `${'ö'.repeat(segment / 2)}/`;
    return name + 'k'.repeat(bytes - Buffer.byteLength(name));
  };

  /** The longest name below `db/t/data/`. */
  const longest = (segment: number) => fill(1024 - 'db/t/data/'.length, segment);

  test.each([
    ['MinIO', 'versitygw', 'MinIO'],
    ['MinIO', 'MinIO', 'versitygw'],
    ['MinIO', 'file', 'file'],
    ['versitygw', 'file', 'MinIO'],
    ['versitygw', 'versitygw', 'versitygw'],
  ])('from %s by a repository in %s to %s, byte for byte', { timeout: 120_000 }, async (src, repo, wh) => {
    const made = await world(src, repo, wh);
    const big = ['big a b%2F+c=#d?e&f\\é\u{1F600}/%41+%2B %.x'];
    const captured = await tableOf(made, [...STRANGE, fill(700, 200), fill(700, 2)], big);
    await made.backup();
    expect((await made.verify()).problems).toEqual([]);
    await expectTable(made, captured, (await made.restore()) as Restored);
  });

  test('keys of 1,024 bytes, where the target is as short; one byte longer is refused before anything is written', {
    timeout: 120_000,
  }, async () => {
    const made = await world('MinIO', 'versitygw', 'MinIO');
    const captured = await tableOf(made, [longest(200), longest(2)]);
    await made.backup();
    expect(await failure(made.restore({ targetLocation: made.uri('wh', 'db/r2') }), 'usage')).toMatchObject({ exit: 2 });
    expect(await made.keys('wh')).toEqual([]);
    await expectTable(made, captured, (await made.restore()) as Restored);
  });

  const ODD: Readonly<Record<string, readonly string[]>> = {
    'a file below a file': ['a', 'a/b'],
    'an empty segment': ['a//b', 'a/b'],
    'a dot segment': ['a/./b', 'a/b'],
    'a long segment': ['k'.repeat(256)],
    'a control character': ['a\u0001b'],
  };
  const REFUSALS = Object.keys(ODD).flatMap((what) =>
    ['MinIO', 'versitygw', 'file']
      .filter((wh) => what !== 'a control character' || wh === 'versitygw')
      .map((wh) => [what, wh] as const),
  );

  test.each(REFUSALS)(
    '%s: held in a repository on %s, refused there as a target, before anything is copied',
    async (what, wh) => {
      const made = await world('memory', wh, wh);
      const captured = await tableOf(made, ODD[what] as readonly string[]);
      await made.backup();
      expect((await made.verify()).problems).toEqual([]);
      const faults = new Faults();
      await failure(made.restore({}, faults), 'name-conflict');
      expect([...faults.done('copy'), ...faults.done('upload')]).toEqual([]);
      expect(await made.keys('wh')).toEqual([]);
      expect(made.tables.has('db.r')).toBe(false);

      const elsewhere = await World.open({
        places: { ...made.places, wh: await (open.memory as () => Promise<Place>)() } as Places,
      });
      await expectTable(elsewhere, captured, (await elsewhere.restore()) as Restored);
    },
  );
});
