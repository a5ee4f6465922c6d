import { describe, expect, test } from 'vitest';
import { type Choosable, chooser, parseSubset } from '../../src/verify/subset.js';
import { someBytes } from '../support/table.js';
import { failure, World } from '../support/world.js';

describe('what may be written', () => {
  test.each([
    ['5%', { kind: 'share', share: 0.05 }],
    ['100%', { kind: 'share', share: 1 }],
    ['0.5%', { kind: 'share', share: 0.005 }],
    ['2/7', { kind: 'group', n: 2, of: 7 }],
    ['10G', { kind: 'bytes', bytes: 10 * 2 ** 30 }],
    ['3m', { kind: 'bytes', bytes: 3 * 2 ** 20 }],
    ['123', { kind: 'bytes', bytes: 123 }],
  ])('%s', (text, subset) => expect(parseSubset(text)).toEqual(subset));

  test.each(['', '0%', '101%', '-1%', '0/7', '8/7', '1/0', '1/2/3', '0', '10X', '1.5G', 'all', '99999999999T'])(
    'not %j',
    async (text) => {
      const error = await failure((async () => parseSubset(text))(), 'usage');
      expect(error.exit).toBe(2);
      expect(error.hint).toContain('5%');
    },
  );
});

async function* files(count: number, size = 1000): AsyncGenerator<Choosable> {
  for (let i = 0; i < count; i++) yield { id: `runs/r/data/${i}`, size };
}

async function chosen(subset: Parameters<typeof chooser>[0], count: number): Promise<number[]> {
  const isChosen = await chooser(subset, files(count));
  return [...Array(count).keys()].filter((i) => isChosen(`runs/r/data/${i}`));
}

test('the groups of n/t share nothing, leave nothing out, and are the same each time', async () => {
  const groups = await Promise.all([1, 2, 3, 4, 5].map((n) => chosen({ kind: 'group', n, of: 5 }, 1000)));
  expect(groups.flat().sort((a, b) => a - b)).toEqual([...Array(1000).keys()]);
  for (const group of groups) expect(group.length).toBeGreaterThan(120);
  expect(await chosen({ kind: 'group', n: 3, of: 5 }, 1000)).toEqual(groups[2]);
});

test('a share, and so many bytes, are about that, by chance, and never nothing', async () => {
  const share = await chosen({ kind: 'share', share: 0.1 }, 5000);
  expect(Math.abs(share.length - 500)).toBeLessThan(150);
  expect(await chosen({ kind: 'share', share: 0.1 }, 5000)).not.toEqual(share);
  const bytes = await chosen({ kind: 'bytes', bytes: 1_000_000 }, 5000);
  expect(Math.abs(bytes.length - 1000)).toBeLessThan(200);
  expect(await chosen({ kind: 'share', share: 0.000001 }, 3)).toHaveLength(1);
  expect(await chosen({ kind: 'bytes', bytes: 1 }, 3)).toHaveLength(1);
  expect(await chosen({ kind: 'bytes', bytes: 10_000_000 }, 5000)).toHaveLength(5000);
  expect(await chosen({ kind: 'share', share: 0.5 }, 0)).toEqual([]);
});

test('a verify of every group finds what one of all finds, and reads each byte once', async () => {
  const world = await World.open();
  const table = await world.table();
  await table.append([...Array(30).keys()].map((i) => someBytes(String(i), 500)));
  world.publish(table);
  await world.backup();
  const data = (await world.keys('repo')).filter((key) => key.includes('/data/'));
  const uri = world.uri('repo', data[7]);
  const bytes = await world.get(uri);
  await world.put(uri, Buffer.concat([bytes.subarray(0, -1), Buffer.from('!')]));
  let read = 0;
  const found: string[] = [];
  for (const n of [1, 2, 3, 4]) {
    const { checked, problems } = await world.verify({ read: { kind: 'group', n, of: 4 } });
    expect(checked.files).toBe(30);
    read += checked.bytesRead;
    found.push(...problems.map(({ object }) => object));
  }
  expect({ read, found }).toEqual({ read: 15_000, found: [uri] });
});
