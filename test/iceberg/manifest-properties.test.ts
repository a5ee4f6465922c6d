import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RewrittenFile, readManifest, rewriteManifest } from '../../src/iceberg/manifest.js';
import { readManifestList, rewriteManifestList } from '../../src/iceberg/manifest-list.js';
import { describeWith } from '../lab/lab.js';
import type { Cell } from '../lab/post.js';
import { pyicebergClient } from '../lab/pyiceberg.js';
import { DUCKDB_FIELDS, entry, LIST_V2, listEntry, manifestSchema, V1_FIELDS, V2_FIELDS } from './avro/manifests.js';
import { Blocks, file, type Json, parts, type Value } from './avro/support.js';
import { containerOf, type Entry, generated, oracle, PATH_ID, SRC, sizesType } from './generated-manifests.js';

/** What half of the files get when they are written again. */
const FACTS: RewrittenFile = { size: 2 ** 52 + 1, format: 'ORC', columnSizes: new Map([[PATH_ID, 7]]), splitOffsets: null };
const facts = (path: string) => (path.length % 2 === 0 ? FACTS : undefined);

/** The same entry with its paths mapped, and what is known of its file when it was written again, as a naive decode and encode would do it. */
function mapped(record: Entry, map: (path: string) => string, known: (path: string) => RewrittenFile | undefined): Entry {
  const file = record.data_file;
  const isKnown = file.content === 1 && known(file.file_path as string) !== undefined;
  const mapBounds = (list: unknown) =>
    file.content === 1 && Array.isArray(list)
      ? (list as { key: number; value: Buffer }[]).map(({ key, value }) => ({
          key,
          value: key > 2 ? Buffer.from(map(value.toString())) : value,
        }))
      : list;
  const referenced = file.referenced as string | null;
  return {
    ...record,
    data_file: {
      ...file,
      file_path: map(file.file_path as string),
      referenced: referenced === null ? null : map(referenced),
      lower: mapBounds(file.lower),
      upper: mapBounds(file.upper),
      ...(isKnown && { size: BigInt(FACTS.size), file_format: 'ORC', offsets: null }),
      ...(isKnown && file.sizes !== null && { sizes: [{ key: PATH_ID, value: 7n }] }),
    },
  };
}

const there = (path: string) => path.slice(SRC.length + 1) || 'bcn-empty';

test('rewriting is decoding, mapping and encoding, as avsc does it; and back again', async () => {
  const back = (path: string) => (path === 'bcn-empty' ? `${SRC}/` : `${SRC}/${path}`);
  await fc.assert(
    fc.asyncProperty(generated, fc.boolean(), async ({ schema, blocks, codec }, isWritten) => {
      const type = oracle(schema);
      const known = isWritten ? facts : () => undefined;
      const container = (list: readonly (readonly unknown[])[]) => containerOf(schema, type, list, codec);
      const before = container(blocks);
      const paths: string[] = [];
      const after = await rewriteManifest(before, 'm', { path: there, rewritten: known }, (found) => paths.push(found.path));
      const records = blocks.flat() as Entry[];
      expect(paths).toEqual(records.map((record) => record.data_file.file_path));
      expect(parts(after)).toEqual(
        parts(container(blocks.map((list) => (list as Entry[]).map((record) => mapped(record, there, known))))),
      );
      if (!isWritten) expect(parts(await rewriteManifest(after, 'm', { path: back }))).toEqual(parts(before));
    }),
    { numRuns: 250 },
  );
}, 60_000);

describeWith(['pyiceberg'], 'the same with fastavro as the oracle', (lab) => {
  const { readAvro } = pyicebergClient(lab);
  const hex = (value: Cell) => Buffer.from(there(Buffer.from(String(value), 'hex').toString())).toString('hex');

  /** fastavro's view of an entry with its paths mapped: integers are strings, bytes are hex. */
  function mappedView(record: { readonly [name: string]: Cell }): unknown {
    const data = record.data_file as { readonly [name: string]: Cell };
    const bounds = (list: Cell) =>
      data.content === '1' && Array.isArray(list)
        ? (list as unknown as { key: string; value: Cell }[]).map(({ key, value }) => ({
            key,
            value: Number(key) > 2 ? hex(value) : value,
          }))
        : list;
    const referenced = data.referenced === null ? null : there(String(data.referenced));
    const lower = bounds(data.lower as Cell);
    return {
      ...record,
      data_file: { ...data, file_path: there(String(data.file_path)), referenced, lower, upper: bounds(data.upper as Cell) },
    };
  }

  test('over generated schemas', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(generated, async ({ schema, blocks, codec }) => {
        const before = containerOf(schema, oracle(schema), blocks, codec);
        const [was, is] = [await readAvro(before), await readAvro(await rewriteManifest(before, 'm', { path: there }))];
        expect(is.records).toEqual(was.records.map(mappedView));
        expect([is.schema, is.metadata, is.codec]).toEqual([was.schema, was.metadata, was.codec]);
        expect(is.records).toHaveLength(blocks.flat().length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('random damage gives a BcnError or a result, never another error', () => {
  const item = (key: number, value: string): Value => ({ key, value: Buffer.from(value) });
  const deletes = entry({
    content: 1,
    referenced_data_file: `${SRC}/data/b`,
    lower_bounds: new Blocks({ items: [item(PATH_ID, `${SRC}/a`), item(1, 'x')], sized: true }),
    upper_bounds: [item(PATH_ID, `${SRC}/a`)],
    sizes: new Blocks({ items: [{ key: 1, value: 2n ** 60n }], sized: true }),
    offsets: [4n, 2n ** 40n],
  });
  const whole: readonly Json[] = [
    { name: 'sizes', type: ['null', sizesType], 'field-id': 108 },
    ...V2_FIELDS,
    { name: 'offsets', type: [{ type: 'array', items: 'long' }, 'null'], 'field-id': 132 },
  ];
  const samples = [undefined, 'deflate'].flatMap((codec) => [
    ...[V2_FIELDS, DUCKDB_FIELDS, whole].map((fields) =>
      file({
        schema: manifestSchema(fields),
        blocks: [[deletes, entry()], [deletes]],
        splitMeta: true,
        ...(codec ? { codec } : {}),
      }),
    ),
    file({ schema: manifestSchema(V1_FIELDS, true), blocks: [[entry()]], ...(codec ? { codec } : {}) }),
  ]);
  const lists = [undefined, 'deflate'].map((codec) =>
    file({ schema: LIST_V2, blocks: [[listEntry(), listEntry()]], ...(codec ? { codec } : {}) }),
  );

  /** Bytes near the end (the records) are hit more often than the schema's text. */
  const damage = (from: readonly Buffer[]) =>
    fc
      .record({
        sample: fc.constantFrom(...from),
        hits: fc.array(
          fc.record({
            back: fc.oneof(fc.nat(400), fc.nat(4000)),
            value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        cut: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4000) }),
        extra: fc.oneof(
          { weight: 6, arbitrary: fc.constant(new Uint8Array()) },
          { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
        ),
      })
      .map(({ sample, hits, cut, extra }) => {
        const bytes = Buffer.from(sample);
        for (const { back, value } of hits) if (back < bytes.length) bytes[bytes.length - 1 - back] = value;
        return Buffer.concat([bytes.subarray(0, Math.max(0, bytes.length - cut)), extra]);
      });

  async function survives(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      expect(error).toMatchObject({ name: 'BcnError', object: 'f', code: expect.stringMatching(/^(corrupt|unsupported)$/) });
    }
  }

  test('manifests', async () => {
    await fc.assert(
      fc.asyncProperty(damage(samples), async (bytes) => {
        await survives(() => readManifest(bytes, 'f', () => {}));
        await survives(() => rewriteManifest(bytes, 'f', { path: (path) => `${path}/more`, rewritten: () => FACTS }));
        await survives(() => rewriteManifest(bytes, 'f', { path: () => 'x', bounds: () => undefined }));
      }),
      { numRuns: 3000 },
    );
  }, 60_000);

  test('manifest lists', async () => {
    await fc.assert(
      fc.asyncProperty(damage(lists), async (bytes) => {
        await survives(() => readManifestList(bytes, 'f'));
        await survives(() => rewriteManifestList(bytes, 'f', { path: (path) => `${path}/more`, length: (_, n) => n + 1 }));
      }),
      { numRuns: 2000 },
    );
  }, 60_000);

  test('every cut of a file is refused or ends at a block', async () => {
    const bytes = samples[0] as Buffer;
    for (let end = 0; end < bytes.length; end++) await survives(() => readManifest(bytes.subarray(0, end), 'f', () => {}));
  });
});
