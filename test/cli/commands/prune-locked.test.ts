import { expect, test, vi } from 'vitest';
import type { PruneResult } from '../../../src/prune/options.js';
import { run } from '../run.js';
import { violations } from '../schema.js';
import { SAMPLES } from '../world.js';

const none = { objects: 0, bytes: 0 };
const RESULT: PruneResult = {
  outcome: 'pruned',
  backups: ['one'],
  removed: { deleted: { objects: 2, bytes: 10 }, unfinished: none, leftovers: none, records: none, versions: none },
  kept: { backups: none, grace: none, young: none, foreign: none },
  locked: { objects: 3, bytes: 2048 },
  lockedObject: 's3://b/runs/r/data/x',
  lockedUntil: Date.UTC(2027, 0, 2, 3, 4, 5),
  uploads: 0,
};
let result: PruneResult = RESULT;
// A lock that a test can make and that ends within it: no store has one.
vi.mock('../../../src/prune/prune.js', () => ({ prune: async () => result }));

const env = { BACKUP_BUCKET: `file://${SAMPLES}` };

test('what stays under a lock, and until when: named, exit 33', async () => {
  result = RESULT;
  const { exit, stdout, stderr } = await run(['prune', '--versions', '--quiet'], { env });
  expect(exit).toBe(33);
  expect(stdout).toMatch(/^Locked +3 objects \(2\.0 KiB\), until 2027-01-02 03:04:05$/m);
  expect(stderr).toMatch(
    /3 objects under a retention lock.* s3:\/\/b\/runs\/r\/data\/x.* run it again after 2027-01-02T03:04:05/,
  );
  const events = (await run(['prune', '--json'], { env })).events();
  for (const event of events) expect(violations(event, 'event.json')).toEqual([]);
  expect(events.at(-1)).toMatchObject({
    ok: false,
    exit: 33,
    code: 'retention-locked',
    locked_until: '2027-01-02T03:04:05.000Z',
  });
});

test('a bucket with versioning: what was removed is still there', async () => {
  const { lockedObject: _, lockedUntil: __, ...rest } = RESULT;
  result = { ...rest, locked: none, versioned: true };
  const { exit, stderr } = await run(['prune'], { env });
  expect([exit, stderr]).toEqual([0, expect.stringMatching(/keeps versions.*lifecycle rule.*bcn prune --versions/)]);
  const events = (await run(['prune', '--json'], { env })).events();
  for (const event of events) expect(violations(event, 'event.json')).toEqual([]);
  expect(events.at(-1)).toMatchObject({ ok: true, versioned: true });
});
