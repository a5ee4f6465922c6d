/** Tables that no engine at hand writes, made from those of the corpus. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { put } from './objects.mjs';

/**
 * A table with the files of `source`, but for its current metadata file, which is edited as text. Only the files that differ are in its
 * folder; `base` in table.json names the others.
 */
function derive(source, note, edit, changes = {}) {
  return async (tables, name) => {
    const folder = join(tables, name);
    const base = join(tables, source);
    rmSync(folder, { recursive: true, force: true });
    const table = JSON.parse(readFileSync(join(base, 'table.json'), 'utf8'));
    const before = readFileSync(join(base, 'files', table.metadata), 'utf8');
    const after = await edit(before, { from: join(base, 'files'), to: join(folder, 'files') }, table);
    if (after === before) throw new Error(`${name}: the edit changes nothing`);
    put(join(folder, 'files', table.metadata), after);
    const location = /"location"\s*:\s*"([^"]*)"/.exec(after)[1].replaceAll('\\/', '/');
    const facts = {
      ...table,
      location,
      states: [table.metadata],
      writer: `by hand from ${source} (${table.writer})`,
      note,
      base: source,
      ...changes,
    };
    put(join(folder, 'table.json'), `${JSON.stringify(facts, null, 2)}\n`);
  };
}

const refused = (formatVersion, reason) => ({ formatVersion, expect: { exit: 22, reason } });

/** Version 1 before manifest lists: each snapshot names its manifests in place. */
async function manifestsInPlace(text, { from }, { location }) {
  let edited = text;
  for (const [field, list] of text.matchAll(/"manifest-list"\s*:\s*"([^"]+)"/g)) {
    const base64 = readFileSync(join(from, list.slice(location.length + 1))).toString('base64');
    const answer = await fetch(`${process.env.BCN_TEST_PYICEBERG_URL}/fastavro`, {
      method: 'POST',
      body: JSON.stringify({ base64 }),
    });
    const { records } = await answer.json();
    edited = edited.replace(field, () => `"manifests" : ${JSON.stringify(records.map((record) => record.manifest_path))}`);
  }
  return edited;
}

/** `location/data/x` becomes `location//ata/x`, and the location ends in a slash. Works on bytes: the manifests are not compressed. */
function slashes(text, { from, to }, { location }) {
  for (const name of readdirSync(join(from, 'metadata'))) {
    if (!name.endsWith('.avro')) continue;
    const bytes = readFileSync(join(from, 'metadata', name));
    const wanted = Buffer.from(`${location}/data/`);
    for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at))
      bytes.write('//ata/', at + location.length, 'latin1');
    put(join(to, 'metadata', name), bytes);
  }
  for (const name of readdirSync(join(from, 'data')))
    put(join(to, '__empty__', 'ata', name), readFileSync(join(from, 'data', name)));
  return text.replace(`"location":"${location}"`, `"location":"${location}/"`);
}

/** JSON that means the same and is spelt as other writers may: escapes, white space, unknown members, odd numbers, no refs. */
function respelt(text) {
  return text
    .replace('"location":"s3://', '"location" : "s3:\\/\\/')
    .replace('"manifest-list":"s3://', '"manifest-list":\t"\\u0073\\u0033:\\/\\/')
    .replace(
      '{',
      '{\r\n "x-unknown" : {"big": 12345678901234567890, "f": 1.0, "e": 1e400, "neg": -0, "10": 1, "2": 2, "dup": 1, "dup": 2},\n',
    )
    .replace(/\}$/, ', "__proto__": {"a": [1,2,{"location": "s3://not/a/path/field"}]}\n}\n');
}

export const HAND_TABLES = {
  'hand-v1-manifests': derive('spark-v1', 'version 1 snapshots with `manifests` arrays instead of lists', manifestsInPlace),
  'hand-slashes': derive('py-codec-null', '// inside data paths, a slash at the end of the location', slashes),
  'hand-respelt': derive('spark-v2', 'metadata with escapes, unknown members, numbers that no double holds', respelt),
  'refused-format-4': derive(
    'spark-v3',
    'format version 4',
    (text) => text.replace(/"format-version"\s*:\s*3/, '"format-version":4'),
    refused(4, 'format version 4'),
  ),
  'refused-encryption-keys': derive(
    'spark-v3',
    'encryption-keys is not empty',
    (text) => text.replace('{', '{"encryption-keys":[{"key-id":"k1","encrypted-key-metadata":"AAAA","encrypted-by-id":"kek"}],'),
    refused(3, 'encryption keys'),
  ),
  'refused-snapshot-key': derive(
    'spark-v3',
    'a snapshot with key-id',
    (text) => text.replace('"manifest-list"', '"key-id":"k1","manifest-list"'),
    refused(3, 'encrypted snapshots'),
  ),
};
