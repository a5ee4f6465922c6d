import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { load } from '../kept/kept.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../specs/02-repository-format.md'), 'utf8');

/** The JSON documents of the sample that stands below this line. */
function sample(label: string): readonly unknown[] {
  const [, text = ''] = PAGE.split('## Samples')[1]?.split('\n## ')[0]?.split(label)[1]?.split('```json\n') ?? [];
  const body = text.split('\n```')[0] as string;
  try {
    return [JSON.parse(body)];
  } catch {
    return body.split('\n').map((line) => JSON.parse(line));
  }
}

/** Every field, by its path: `tables[].root.key`. The names of tables in begin.json are values. */
function fieldsOf(value: unknown, at = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, `${at}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const path = at === '.pinned' ? `${at}.*` : `${at}.${name}`;
    return [path, ...fieldsOf(inner, path)];
  });
}

const shape = (values: readonly unknown[]) => [...new Set(values.flatMap((value) => fieldsOf(value)))].sort();
/** Lines of both kinds of manifests have the same fields. */
const ofType = (type: string) => (line: unknown) => (line as { type: string }).type.replace('delete-', '') === type;

test('every field of every sample is written, and every field that is written is in a sample', async () => {
  const world = await load('format-1');
  const all = [...(await world.dump('repo'))].map(([uri, bytes]) => ({ uri, bytes: Buffer.from(bytes, 'base64') }));
  const found = (pattern: RegExp) => all.filter(({ uri }) => pattern.test(uri)).map(({ bytes }) => bytes);
  const json = (pattern: RegExp) => found(pattern).map((bytes) => JSON.parse(bytes.toString()) as unknown);
  const lines = (text: string) => text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]));
  expect(shape(sample('`bcn.json`\n'))).toEqual(shape(json(/\/bcn\.json$/)));
  expect(shape([...sample('`backups/part.json`'), ...sample('`backups/lacks.json`')])).toEqual(
    shape(json(/\/backups\/[^@]*\.json$/)),
  );
  expect(shape(sample('`runs/…/begin.json`'))).toEqual(shape(json(/\/begin\.json$/)));
  expect(shape(sample('-deleted.json`,'))).toEqual(shape(json(/\/events\//)));
  const root = found(/\/root\.ndjson\.gz$/).flatMap((bytes) => lines(gunzipSync(bytes).toString()));
  const shown = sample('root.ndjson.gz`');
  for (const type of ['root', 'metadata', 'list', 'manifest', 'names', 'statistics'])
    expect(shape(shown.filter(ofType(type))), type).toEqual(shape(root.filter(ofType(type))));
  expect(new Set(shown.map((line) => (line as { type: string }).type))).toEqual(
    new Set(root.map((line) => (line as { type: string }).type)),
  );
  const inventory = found(/\/pack-/).flatMap((bytes) => lines(gunzipSync(bytes).toString()));
  expect(shape(sample('`pack-0.ndjson.gz`'))).toEqual(shape(inventory));
});
