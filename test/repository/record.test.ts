import { expect, test } from 'vitest';
import { createRecord, DEFAULT_GRACE_MS, findRecord, readRecord } from '../../src/repository/record.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';
import { Faults, ProcessStore } from '../support/faults.js';

const place = () => ({ store: new MemoryStore('repo'), prefix: 'p/' });
const put = (at: ReturnType<typeof place>, text: string) => at.store.create('p/bcn.json', Buffer.from(text));

test('is made once; two makers at once get the same', async () => {
  const at = place();
  expect(await findRecord(at)).toBeUndefined();
  const [a, b] = await Promise.all([createRecord(at, 0), createRecord(at, 1)]);
  expect(a).toEqual(b);
  expect(await readRecord(at)).toEqual(a);
  expect(a).toMatchObject({ format: 1, features: [], grace_ms: DEFAULT_GRACE_MS });
});

test.each(['once-after', 'conflict-after'] as const)('its own success that was answered with %s is success', async (kind) => {
  const at = place();
  const process = { ...at, store: new ProcessStore(at.store, new Faults(kind, 0)) };
  expect(await createRecord(process, 0)).toEqual(await readRecord(at));
});

test('none is 10', async () => {
  await expect(readRecord(place())).rejects.toMatchObject({ code: 'repository-not-found', exit: 10, object: 'memory://repo/p' });
});

test.each(['{"format":2,"id":"x","features":[],"grace_ms":1}', '{"format":1,"id":"x","features":["encryption"],"grace_ms":1}'])(
  '%s is 13',
  async (text) => {
    const at = place();
    await put(at, text);
    await expect(findRecord(at)).rejects.toMatchObject({
      code: 'repository-too-new',
      exit: 13,
      object: 'memory://repo/p/bcn.json',
    });
  },
);

test.each([
  '',
  'x',
  'null',
  '[]',
  '{}',
  '{"format":"1","features":[],"grace_ms":1}',
  '{"format":1,"features":[]}',
  '{"format":1,"features":{},"grace_ms":1}',
  // Less than 2 h: beats and the time rule could not keep up.
  ...[-86_400_000, 0, 7_199_999, 7_200_000.5, 1e300, '"86400000"', 'null'].map(
    (grace) => `{"format":1,"features":[],"grace_ms":${grace}}`,
  ),
])('%j is 32', async (text) => {
  const at = place();
  await put(at, text);
  await expect(findRecord(at)).rejects.toMatchObject({ code: 'corrupt', exit: 32, object: 'memory://repo/p/bcn.json' });
});

test('a grace of two hours is the least', async () => {
  const at = place();
  await put(at, '{"format":1,"id":"x","features":[],"grace_ms":7200000}');
  expect((await readRecord(at)).grace_ms).toBe(7_200_000);
});
