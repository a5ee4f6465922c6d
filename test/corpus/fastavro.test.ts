import { expect, test } from 'vitest';
import { rewriteManifest } from '../../src/iceberg/manifest.js';
import { rewriteManifestList } from '../../src/iceberg/manifest-list.js';
import { abstractPath, concretePath } from '../../src/iceberg/paths.js';
import { describeWith } from '../lab/lab.js';
import { pyicebergClient } from '../lab/pyiceberg.js';
import { filesOf, goodTables } from './corpus.js';

const TARGET = 's3://another-bucket/with/a/longer/location';

describeWith(
  ['pyiceberg'],
  'fastavro reads every rewritten Avro file of the corpus as the original with its paths mapped',
  (lab) => {
    const { readAvro } = pyicebergClient(lab);

    test.each(goodTables)('$name', { timeout: 120_000 }, async (table) => {
      const move = (path: string) => concretePath(abstractPath(path, table.location), TARGET);
      const length = (_: string, recorded: number) => recorded;
      for (const [uri, bytes] of filesOf(table)) {
        if (!uri.endsWith('.avro') || uri.includes('/data/')) continue;
        const was = await readAvro(bytes);
        const isList = was.records.some((record) => 'manifest_path' in record);
        const rewritten = isList
          ? await rewriteManifestList(bytes, uri, { path: move, length })
          : await rewriteManifest(bytes, uri, { path: move });
        const is = await readAvro(rewritten);
        const mapped = JSON.stringify(was.records, (key, value) => {
          if (/^(manifest_path|file_path|referenced_data_file)$/.test(key)) return value && move(value);
          return /^(lower|upper)_bounds$/.test(key) ? moveBounds(value, move) : value;
        });
        expect(is.records, uri).toEqual(JSON.parse(mapped));
        expect(is.schema, uri).toBe(was.schema);
      }
    });
  },
);

type Bounds = readonly { readonly key: string; readonly value: string }[] | null;

/** Of deletes: under the ids of `file_path` and `_file`, which no column of a table has. */
function moveBounds(bounds: Bounds, move: (path: string) => string): Bounds {
  const text = (hex: string) => Buffer.from(hex, 'hex').toString('utf8');
  return (
    bounds?.map((bound) =>
      /^2147483(546|646)$/.test(bound.key) ? { ...bound, value: Buffer.from(move(text(bound.value))).toString('hex') } : bound,
    ) ?? null
  );
}
