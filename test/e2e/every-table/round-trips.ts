import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHiveCatalog } from '../../../src/catalog/hive/hive-catalog.js';
import { describeWith, type LabWith, makeBucket } from '../../lab/lab.js';
import { hiveProperties } from '../../lab/pyiceberg.js';
import { sparkClient } from '../../lab/spark.js';
import { sparkJava } from '../../lab/spark-java.js';
import { getObject, listing, split } from '../buckets.js';
import { Bcn, type Parts, unique } from '../support.js';
import { type Answers, answersOf, pyicebergAnswers, snapshotIds } from './answers.js';
import { type Fence, fenceAround } from './fence.js';
import { liveOn } from './live-on.js';
import { Making } from './making.js';
import { countKinds, type NamedPath, namedPaths, outside, type What } from './named-paths.js';
import type { Recipe } from './recipe.js';

const bucketName = (stem: string): string => unique(stem).replace('_', '-');

/** Each table is made, backed up, proven and restored elsewhere, and there it says and does what it did. */
export function roundTrips(theme: string, recipes: Readonly<Record<string, Recipe>>): void {
  describeWith(['s3', 'hms', 'spark', 'pyiceberg'], theme, (lab) => {
    const database = unique('every');
    const buckets = { source: bucketName('src'), other: bucketName('oth'), shared: bucketName('shr'), target: bucketName('new') };
    const repository = bucketName('repo');
    let fence: Fence;

    beforeAll(async () => {
      for (const bucket of [repository, ...Object.values(buckets)]) await makeBucket(lab, bucket);
      fence = await fenceAround(lab, buckets.target);
      await sparkClient(lab).run(`CREATE NAMESPACE hms.${database}`);
    });
    afterAll(async () => {
      await sparkClient(lab)
        .run(`DROP NAMESPACE IF EXISTS hms.${database} CASCADE`)
        .catch(() => undefined);
    });

    // Spark does one thing at a time; meanwhile bcn works on another table.
    let making: Promise<unknown> = Promise.resolve();
    const oneAtATime = (make: () => Promise<void>): Promise<void> => {
      const made = making.then(make);
      making = made.catch(() => undefined);
      return made;
    };

    test.concurrent.for(Object.entries(recipes).map(([name, recipe], n) => [name, recipe, n] as const))(
      '%s',
      async ([, recipe, n]) => {
        const table = `${database}.t${n}`;
        const at = (bucket: string) => `s3://${bucket}/${n}`;
        const source = new Making(lab, table, at(buckets.source), at(buckets.other), `s3://${buckets.shared}`);
        const trip = new Trip(lab, fence, recipe, source, `s3://${buckets.target}/deep/er/${n}`);
        const bcn = new Bcn(lab, `${repository}/nightly`);
        await oneAtATime(() => trip.make(recipe.make));
        if (recipe.later) {
          await bcn.backup(table, `b${n}.earlier`);
          await oneAtATime(() => trip.make(recipe.later));
        }
        await trip.look();
        await trip.goAndComeBack(bcn, `b${n}`);
        await trip.compare();
        await trip.use();
      },
    );
  });
}

class Trip {
  readonly #restored: string;
  #answers!: Answers;
  #pyiceberg: Record<string, readonly string[]> = {};
  #paths!: readonly NamedPath[];
  #objects!: Record<string, string>;
  #metadata!: string;

  constructor(
    readonly lab: LabWith<Parts>,
    readonly fence: Fence,
    readonly recipe: Recipe,
    readonly source: Making,
    readonly target: string,
  ) {
    this.#restored = `${source.table}_restored`;
  }

  async make(steps: Recipe['later']): Promise<void> {
    for (const step of steps?.(this.source) ?? []) {
      if (typeof step === 'string') await this.source.spark.run(step);
      else await step(this.source);
    }
  }

  /** What the engines say of the source, and that its paths lie where this suite thinks: the walk finds what it is to find. */
  async look(): Promise<void> {
    const { lab, recipe, source } = this;
    this.#answers = await answersOf(lab, 'hms', source.table);
    expect(idsOf(this.#answers), 'the table is what it is meant to be').toEqual(recipe.ids);
    if (!recipe.notPyiceberg)
      this.#pyiceberg = await pyicebergAnswers(lab, hiveProperties(lab), source.table, snapshotIds(this.#answers));
    this.#objects = await this.#sourceObjects();
    this.#metadata = await this.#metadataLocation(source.table);
    this.#paths = await this.#walk('hms', source.table);
    // A bound may be cut, and so lie nowhere.
    expect(outside(this.#paths, this.#places()).filter(({ what }) => what !== 'path bound')).toEqual([]);
    expect(outside(this.#paths, [this.target])).toHaveLength(this.#paths.length);
    expect(Object.keys(countKinds(this.#paths))).toEqual(expect.arrayContaining([...(recipe.names ?? [])]));
    expect(missing(this.#paths, this.#objects)).toHaveLength(sum(recipe.lost));
  }

  async goAndComeBack(bcn: Bcn, name: string): Promise<void> {
    const { recipe, source, target } = this;
    await bcn.backup(source.table, name);
    await bcn.ok(['verify', name, '--read-data']);
    expect(await this.#sourceObjects(), 'a backup does not write to the source').toEqual(this.#objects);
    const history = recipe.history ? ['--history', recipe.history] : [];
    await bcn.restore(name, this.#restored, target, ...history, ...(recipe.restore?.(source, target) ?? []));
  }

  /** The restored table, with keys that do not reach the source. */
  async compare(): Promise<void> {
    const { lab, fence, recipe, target } = this;
    const answers = await answersOf(lab, fence.catalog, this.#restored);
    const ids = snapshotIds(answers);
    expect(answers).toEqual(recipe.history ? withHistory(this.#answers, ids) : this.#answers);
    if (recipe.history) expect(ids).toHaveLength(recipe.history === 'current' ? 1 : 2);
    if (!recipe.notPyiceberg) {
      const wanted = Object.fromEntries(ids.map((id) => [id, this.#pyiceberg[id]]));
      expect(await pyicebergAnswers(lab, fence.properties, this.#restored, ids), 'pyiceberg').toEqual(wanted);
    }
    const paths = await this.#walk(fence.catalog, this.#restored);
    expect(outside(paths, [target]), 'paths outside the target').toEqual([]);
    expect(missing(paths, await objectsBelow(lab, target)), 'live objects that are not there with the recorded length').toEqual(
      [],
    );
    if (!recipe.history) expect(kept(countKinds(paths))).toEqual(kept(countKinds(this.#paths), recipe.lost));
  }

  async use(): Promise<void> {
    const { lab, fence, recipe, source, target } = this;
    if (!recipe.notUsed) await liveOn(lab, fence.catalog, this.#restored, 'position deletes' in countKinds(this.#paths));
    await source.spark.run(`DROP TABLE hms.${this.#restored} PURGE`);
    const left = Object.keys(await objectsBelow(lab, target)).filter((uri) => /\.(parquet|orc|avro|puffin|stats)$/.test(uri));
    expect(left, 'DROP … PURGE reaches every file').toEqual([]);
    expect(await this.#sourceObjects(), 'nothing of this reached the source').toEqual(this.#objects);
    expect(await this.#metadataLocation(source.table)).toBe(this.#metadata);
  }

  /** Where the source's files lie, by every spelling of the scheme. */
  #places(): string[] {
    const { folder, location } = this.source;
    const places = [folder, location, ...(this.recipe.places?.(this.source) ?? [])];
    return places.flatMap((place) => [place, place.replace(/^s3:/, 's3a:')]);
  }

  async #sourceObjects(): Promise<Record<string, string>> {
    const places = new Set(this.#places().filter((place) => place.startsWith('s3:')));
    const found = await Promise.all([...places].map((place) => objectsBelow(this.lab, place)));
    return Object.assign({}, ...found);
  }

  async #walk(catalog: string, table: string): Promise<NamedPath[]> {
    return namedPaths(await this.#metadataLocation(table), {
      object: (uri) => getObject(this.lab, uri),
      positionRows: (uri) => sparkJava(this.lab).positionRows(`${catalog}.${table}`, uri),
    });
  }

  async #metadataLocation(table: string): Promise<string> {
    const [namespace = '', name = ''] = table.split('.');
    const metastore = createHiveCatalog({ uri: this.lab.hms.uri });
    const { metadataLocation } = await metastore.load({ namespace: [namespace], name });
    await metastore.close();
    return metadataLocation;
  }
}

/** `s3://bucket/key` → etag and size. */
async function objectsBelow(lab: LabWith<Parts>, place: string): Promise<Record<string, string>> {
  const { bucket, key } = split(place);
  const found = await listing(lab, bucket, key === '' ? '' : `${key}/`);
  return Object.fromEntries(Object.entries(found).map(([name, state]) => [`s3://${bucket}/${name}`, state]));
}

/** Live paths whose object is not there, or not as long as recorded. */
function missing(paths: readonly NamedPath[], objects: Readonly<Record<string, string>>): NamedPath[] {
  return paths.filter(({ live, path, length }) => {
    const state = objects[path.replace(/^s3a:/, 's3:')];
    const size = state === undefined ? undefined : BigInt(state.split(' ')[1] ?? -1);
    return live && (size === undefined || (length !== undefined && length !== size));
  });
}

/** Kinds that a restore keeps in number: not the log of metadata files; nor bounds, which it may leave out; nor what was lost before. */
function kept(counts: Partial<Record<What, number>>, lost: Partial<Record<What, number>> = {}): Partial<Record<What, number>> {
  const { 'metadata log': _log, 'path bound': _bounds, ...rest } = counts;
  const left = Object.entries(rest).map(([what, count]) => [what, count - (lost[what as What] ?? 0)] as const);
  return Object.fromEntries(left.filter(([, count]) => count > 0));
}

const sum = (counts: Partial<Record<What, number>> = {}): number => Object.values(counts).reduce((a, b) => a + b, 0);

/** What is left of the answers when these snapshots alone are kept. */
function withHistory(answers: Answers, ids: readonly string[]): Answers {
  const rows = Object.fromEntries(
    Object.entries(answers.rows).filter(([what]) => what === 'current' || ids.some((id) => what === `snapshot ${id}`)),
  );
  return { ...answers, rows: expect.objectContaining(rows) as unknown as Answers['rows'] };
}

function idsOf({ rows }: Answers): number[] {
  const ids = (rows.current ?? []).map((row) => Number((JSON.parse(row) as { readonly id: number }).id));
  return ids.sort((a, b) => a - b);
}
