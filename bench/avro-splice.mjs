// How fast manifests are rewritten, beside avsc decoding and encoding the same records in the same run.
// Run: npm run build && node bench/avro-splice.mjs [entries] [columns]
import { readManifest, rewriteManifest } from '../dist/iceberg/manifest.js';
import { container, dataRecords, deleteRecords, FACTS, move, withAvsc } from './manifests.mjs';

const ENTRIES = Number(process.argv[2] ?? 20_000);
const COLUMNS = Number(process.argv[3] ?? 8);
const ROUNDS = 7;

/** As backup and restore call it: a data manifest changes its paths, one of deletes all that is known of files that were written anew. */
const CASES = [
  ['data files', dataRecords(ENTRIES, COLUMNS), { path: move }],
  [
    'position deletes',
    deleteRecords(ENTRIES),
    {
      path: move,
      referenced: move,
      rewritten: () => FACTS,
      bounds: ({ lower, upper }) => ({ lower: lower && move(lower), upper: upper && move(upper) }),
    },
  ],
];

/** Best of the rounds, which take turns, so that what else the machine does falls on all alike. Time is that of the processor, all threads together. */
async function best(works) {
  const fastest = works.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, work] of works.entries()) {
      const before = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(before);
      fastest[i] = Math.min(fastest[i], user + system);
    }
  }
  return fastest.map((micros) => ENTRIES / (micros / 1e6));
}

const k = (n) => `${Math.round(n / 1000)}k`;
console.log(`${ENTRIES} entries; entries per second of one core`);
console.log('| entries | codec | bytes each | read | rewrite | rewrite and read | avsc decode and encode | ratio |');
console.log('|---|---|---|---|---|---|---|---|');
for (const [what, records, context] of CASES) {
  for (const codec of ['null', 'deflate']) {
    const bytes = container(records, codec);
    const same = (await rewriteManifest(bytes, 'bench', context)).equals(withAvsc(bytes, codec));
    if (!same) throw new Error(`the two results differ: ${what}, ${codec}`);
    const [read, splice, both, peer] = await best([
      () => readManifest(bytes, 'bench', () => {}),
      () => rewriteManifest(bytes, 'bench', context),
      () => rewriteManifest(bytes, 'bench', context, () => {}),
      () => withAvsc(bytes, codec),
    ]);
    const size = Math.round(bytes.length / ENTRIES);
    console.log(`| ${what} | ${codec} | ${size} | ${k(read)} | ${k(splice)} | ${k(both)} | ${k(peer)} | ${(splice / peer).toFixed(1)} |`);
  }
}
