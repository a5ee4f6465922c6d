import { expect, test } from 'vitest';
import { commitsByRun, createRecord, DEFAULT_GRACE_MS, openRepository, readRecord } from '../../src/repository/record.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';
import { Faults, ProcessStore } from '../support/faults.js';
import { WeakStore } from '../support/weak-store.js';

const place = () => ({ store: new MemoryStore('repo'), prefix: 'p/' });
const put = (at: ReturnType<typeof place>, text: string) => at.store.create('p/bcn.json', Buffer.from(text));

test('is made once; two makers at once get the same', async () => {
  const at = place();
  expect(await openRepository(at)).toMatchObject({ record: undefined });
  const [a, b] = await Promise.all([createRecord(at, 0, 'probe/'), createRecord(at, 1, 'probe/')]);
  expect(a).toEqual(b);
  expect(await readRecord(at)).toEqual(a);
  expect(a).toMatchObject({ format: 1, features: [], grace_ms: DEFAULT_GRACE_MS });
});

test.each(['once-after', 'conflict-after'] as const)('its own success that was answered with %s is success', async (kind) => {
  const at = place();
  const process = { ...at, store: new ProcessStore(at.store, new Faults(kind, 1)) };
  expect(await createRecord(process, 0, 'probe/')).toEqual(await readRecord(at));
});

test('the store is probed before, below the given prefix, and not when that fails', async () => {
  const at = place();
  const faults = new Faults();
  const process = { ...at, store: new ProcessStore(at.store, faults) };
  expect(commitsByRun(await createRecord(process, 0, 'runs/r/probe/'))).toBe(false);
  expect(faults.log.map(({ op, key }) => `${op} ${key}`)).toEqual([
    'probeCreate memory://repo/p/runs/r/probe/',
    'create memory://repo/p/bcn.json',
    'get memory://repo/p/bcn.json',
  ]);
  const other = place();
  const failing = { ...other, store: new ProcessStore(other.store, new Faults('once-before', 0)) };
  await expect(createRecord(failing, 0, 'probe/')).rejects.toMatchObject({ code: 'storage-unavailable' });
  expect(await openRepository(other)).toMatchObject({ record: undefined });
});

test('a store without conditional writes is written down as a feature that a reader must know', async () => {
  const at = place();
  const weak = { ...at, store: new WeakStore(at.store, 'late', async () => {}) };
  const record = await createRecord(weak, 0, 'probe/');
  expect(record.features).toEqual(['commits-by-run']);
  expect(commitsByRun(record)).toBe(true);
  expect(commitsByRun(undefined)).toBe(false);
  expect(await readRecord(at)).toEqual(record);
});

test('two makers at once on such a store: what lies there counts for both, and what each found out', async () => {
  const at = place();
  let mistaken = true;
  class Half extends WeakStore {
    override async probeCreate(): Promise<boolean> {
      mistaken = !mistaken;
      return mistaken;
    }
  }
  let waiting = 0;
  let release: () => void = () => {};
  const both = new Promise<void>((resolve) => {
    release = resolve;
  });
  const gap = async () => {
    if (++waiting === 2) release();
    await both;
  };
  const weak = { ...at, store: new Half(at.store, 'late', gap) };
  const records = await Promise.all([createRecord(weak, 0, 'probe/'), createRecord(weak, 1, 'probe/')]);
  const { id, created } = await readRecord(at);
  for (const record of records) expect(record).toMatchObject({ id, created });
  expect(records.some(commitsByRun)).toBe(true);
});

test('none is 10', async () => {
  await expect(readRecord(place())).rejects.toMatchObject({ code: 'repository-not-found', exit: 10, object: 'memory://repo/p' });
});

test.each([
  '{"format":2,"id":"x","features":[],"grace_ms":1}',
  '{"format":1,"id":"x","features":["commits-by-run","encryption"],"grace_ms":1}',
])('%s is 13', async (text) => {
  const at = place();
  await put(at, text);
  await expect(openRepository(at)).rejects.toMatchObject({
    code: 'repository-too-new',
    exit: 13,
    object: 'memory://repo/p/bcn.json',
  });
});

test.each([
  '',
  'x',
  'null',
  '[]',
  '{}',
  '{"format":"1","features":[],"grace_ms":1}',
  '{"format":0,"features":[],"grace_ms":86400000}',
  '{"format":1,"features":[]}',
  '{"format":1,"features":{},"grace_ms":1}',
  // Less than 2 h: beats and the time rule could not keep up.
  ...[-86_400_000, 0, 7_199_999, 7_200_000.5, 1e300, '"86400000"', 'null'].map(
    (grace) => `{"format":1,"features":[],"grace_ms":${grace}}`,
  ),
])('%j is 32', async (text) => {
  const at = place();
  await put(at, text);
  await expect(openRepository(at)).rejects.toMatchObject({ code: 'corrupt', exit: 32, object: 'memory://repo/p/bcn.json' });
});

test('a grace of two hours is the least', async () => {
  const at = place();
  await put(at, '{"format":1,"id":"x","features":[],"grace_ms":7200000}');
  expect((await readRecord(at)).grace_ms).toBe(7_200_000);
});

test('any bit of the record flipped is an error, or leaves what it says as it was', async () => {
  const at = place();
  const made = await createRecord(at, 0, 'probe/');
  const { bytes } = await at.store.get('p/bcn.json');
  let told = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const bad = Buffer.from(bytes);
    bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
    await at.store.delete(['p/bcn.json']);
    await at.store.create('p/bcn.json', bad);
    const read = await readRecord(at).catch(({ code }) => code as string);
    const { format, features, grace_ms } = made;
    if (typeof read === 'object') expect(read, `bit ${bit}`).toMatchObject({ format, features, grace_ms });
    else told += Number(['corrupt', 'repository-too-new'].includes(read));
  }
  // All but those that make "sha256" another field.
  expect(told).toBeGreaterThan(bytes.length * 8 - 60);
});

test('a digit of the grace that is lost is no shorter grace', async () => {
  const at = place();
  await createRecord(at, 0, 'probe/');
  const text = (await at.store.get('p/bcn.json')).bytes.toString();
  await at.store.delete(['p/bcn.json']);
  await put(at, text.replace('86400000', '8640000 '));
  await expect(openRepository(at)).rejects.toMatchObject({ code: 'corrupt', message: expect.stringContaining('was changed') });
});
