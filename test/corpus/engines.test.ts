/** Engines read what a restore wrote anew: the restored tables, in a bucket of the lab, have the rows that Spark counted in the sources. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { empty, putObject } from '../e2e/buckets.js';
import { describeWith, makeBucket } from '../lab/lab.js';
import { pyicebergClient, s3Properties } from '../lab/pyiceberg.js';
import { sparkClient } from '../lab/spark.js';
import { type CorpusTable, corpusTable, goodTables } from './corpus.js';
import { World } from './world.js';

const BUCKET = 'corpus-restored';

/** Of others only metadata is written, whose readers other tests try. */
async function isRewritten(table: CorpusTable): Promise<boolean> {
  const walked = await (await World.with(table)).walk(table);
  const { location } = walked;
  return (
    [...walked.live.values()].some(({ content }) => content !== 0n) ||
    walked.named.some((path) => !path.startsWith(`${location}/`))
  );
}

/** Tables of vectors, whose files pyiceberg takes from footers; it takes every blob for a vector, and cannot read those with others between them. */
const FOOTERS = ['spark-deletion-vectors', 'spark-vectors-many', 'hand-puffin-packed', 'spark-object-storage-outside'];

const rewritten = (await Promise.all(goodTables.map(async (table) => ((await isRewritten(table)) ? [table] : [])))).flat();

describeWith(['s3', 'spark', 'pyiceberg'], 'restored tables of the corpus', (lab) => {
  const spark = sparkClient(lab);
  const pyiceberg = pyicebergClient(lab);
  const prefix = `é ${randomBytes(4).toString('hex')}`;
  beforeAll(() => makeBucket(lab, BUCKET));
  afterAll(() => empty(lab, BUCKET, `${prefix}/`));

  const restore = async (table: CorpusTable) => {
    const world = await World.with(table);
    await world.backup(table.name, 'b');
    world.clearSources();
    const { metadataLocation } = await world.restore('b', 'restored', `s3://${BUCKET}/${prefix}/${table.name}`);
    for (const key of world.keys(BUCKET)) await putObject(lab, BUCKET, key, world.object(`s3://${BUCKET}/${key}`) as Buffer);
    return metadataLocation as string;
  };

  test.each(rewritten)('Spark reads $name', { timeout: 120_000 }, async (table) => {
    const uri = await restore(table);
    for (const { id, rows } of table.snapshots)
      expect((await spark.read(uri, { snapshotId: BigInt(id) })).count, id).toBe(String(rows));
  });

  test.each(FOOTERS)('pyiceberg reads %s', { timeout: 120_000 }, async (name) => {
    const table = corpusTable(name);
    const uri = await restore(table);
    for (const { id, rows } of table.snapshots)
      expect((await pyiceberg.scanStatic(uri, s3Properties(lab), BigInt(id))).rows, id).toHaveLength(rows);
  });
});
