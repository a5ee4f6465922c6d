/**
 * Writes test/corpus/tables/ anew: small tables by Spark and pyiceberg, and a few made from those by hand.
 *
 *   npm run lab -- up && source <(npm run -s lab -- env) && node test/corpus/make.mjs [name …]
 *
 * Each table is a folder: `files/<key below the location>` (an empty segment of a key is spelt `__empty__`), `outside/<n>/<key below the
 * n-th place outside>`, and `table.json`. Ids and uuids differ from run to run, so a table is only made again on purpose.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { provisionOnce } from '../../scripts/lib/cache.mjs';
import { makeVenv, pythonOf } from '../lab/parts/python.mjs';
import { PYICEBERG } from '../lab/versions.mjs';
import { CRAFTED_TABLES } from './make/crafted.mjs';
import { Draft } from './make/draft.mjs';
import { HAND_TABLES } from './make/hand.mjs';
import { clear, download, makeBucket, upload, writeTable } from './make/objects.mjs';
import { SPARK_TABLES } from './make/spark.mjs';
import { SPARK_DELETE_TABLES } from './make/spark-deletes.mjs';
import { SPARK_PLACE_TABLES } from './make/spark-places.mjs';

const BUCKET = 'corpus';
const OTHER_BUCKET = 'corpus-two';
/** Holds the files of one table at a time: of those that fill a bucket. */
const WHOLE_BUCKET = 'corpus-three';
const TABLES = fileURLToPath(new URL('tables', import.meta.url));
const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);

async function spark(path, request) {
  const answer = await fetch(`${process.env.BCN_TEST_SPARK_URL}${path}`, { method: 'POST', body: JSON.stringify(request) });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${JSON.stringify(request)}\n${body.error.slice(0, 1500)}`);
  return body;
}

const sql = async (statement) => (await spark('/sql', { sql: statement })).rows;

async function makeSparkTable(name, spec) {
  const space = spec.space ?? 'hms.corpus';
  const table = `${space}.\`${name}\``;
  const fill = (text) =>
    text
      .replaceAll('$T', () => table)
      .replaceAll('$S', () => `corpus.\`${name}\``)
      .replaceAll('$L', () => location)
      .replaceAll('$B', BUCKET)
      .replaceAll('$O', OTHER_BUCKET)
      .replaceAll('$W', WHOLE_BUCKET);
  const location = (spec.location ?? `s3://$B/corpus/${name}`).replace('$B', BUCKET).replace('$W', WHOLE_BUCKET);
  const outside = (spec.outside ?? []).map(fill);
  await sql(`DROP TABLE IF EXISTS ${table}`);
  for (const place of [location, ...outside]) await clear(place);
  for (const step of spec.sql) {
    if (typeof step === 'string') await sql(fill(step));
    else await rollBack(table, name, step.rollBack);
  }
  const states = (await sql(`SELECT file FROM ${table}.metadata_log_entries ORDER BY timestamp, file`)).map(([file]) => file);
  const ids = await sql(`SELECT CAST(snapshot_id AS STRING) FROM ${table}.snapshots ORDER BY committed_at, snapshot_id`);
  const snapshots = [];
  for (const [id] of ids) {
    const [[rows]] = await sql(`SELECT count(*) FROM ${table} VERSION AS OF ${id}`);
    snapshots.push({ id, rows: Number(rows) });
  }
  const facts = {
    writer: 'spark 4.1.3, iceberg 1.12.0',
    location,
    outside,
    states,
    snapshots,
    expect: spec.expect ?? { ok: true },
    note: spec.note,
    ...(spec.orcRows && { orcRows: await orcRows(table, ids) }),
  };
  await save(name, facts);
  await sql(`DROP TABLE ${table}`);
}

/** What ORC files of deletes hold, since the tests have no other reader of ORC than the one they test. */
async function orcRows(table, ids) {
  const rows = {};
  for (const [id] of ids) {
    const found = await sql(
      `SELECT delete_file_path, file_path, CAST(pos AS STRING) FROM ${table}.position_deletes VERSION AS OF ${id} ORDER BY 1, 2, pos`,
    );
    for (const file of new Set(found.map(([name]) => name).filter((name) => name.endsWith('.orc'))))
      rows[file] = found.filter(([name]) => name === file).map(([, ...row]) => row);
  }
  return rows;
}

/** To the snapshot that was current `steps` changes ago. */
async function rollBack(table, name, steps) {
  const history = await sql(
    `SELECT CAST(snapshot_id AS STRING) FROM ${table}.history WHERE is_current_ancestor ORDER BY made_current_at`,
  );
  const [id] = history.at(-1 - steps);
  await sql(`CALL hms.system.rollback_to_snapshot('corpus.\`${name}\`', ${id})`);
}

async function makePyicebergTables() {
  const packages = [...PYICEBERG.packages, 'pyiceberg-core==0.10.1', 'python-snappy==0.7.3'];
  const version = PYICEBERG.version;
  const folder = await provisionOnce({ part: 'corpus-python', version, recipe: packages }, (at) => makeVenv(at, packages), {
    log: console.error,
  });
  const home = mkdtempSync(join(tmpdir(), 'bcn-corpus-'));
  try {
    const script = fileURLToPath(new URL('make_pyiceberg.py', import.meta.url));
    const env = {
      ...process.env,
      CORPUS_BUCKET: BUCKET,
      CORPUS_HOME: home,
      PYTHONDONTWRITEBYTECODE: '1',
      TZ: 'UTC',
      AWS_REGION: 'us-east-1',
    };
    const python = (...args) =>
      execFileSync(pythonOf(folder), [script, ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
        .trim()
        .split('\n');
    const names = python('--names').filter(isWanted);
    for (const line of names.length > 0 ? python(...names) : []) {
      const { name, ...facts } = JSON.parse(line);
      await save(name, { writer: `pyiceberg ${PYICEBERG.version}`, outside: [], ...facts });
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function makeCraftedTable(name, { base, edit, note, expect = { ok: true } }) {
  const draft = new Draft(join(TABLES, base));
  edit(draft);
  draft.finish();
  const { location, writer } = draft.facts;
  const snapshots = [];
  if (expect.ok || expect.at === 'restore') {
    await clear(location);
    for (const [uri, bytes] of draft.files) await upload(uri, bytes);
    for (const { id } of draft.facts.snapshots) {
      const { count } = await spark('/read', { path: draft.metadataUri, snapshot_id: id });
      snapshots.push({ id, rows: Number(count) });
    }
    await clear(location);
  }
  const facts = { states: [draft.facts.metadata], writer: `by hand from ${base} (${writer})`, snapshots, expect, note, base };
  draft.save(join(TABLES, name), facts);
  console.error(`${name}: ${snapshots.map(({ rows }) => rows)} rows`);
}

async function save(name, facts) {
  const files = await download(facts.location);
  const outside = [];
  for (const place of facts.outside) outside.push({ uri: place, files: await download(place) });
  writeTable(join(TABLES, name), facts, files, outside);
  console.error(`${name}: ${files.size} files`);
}

mkdirSync(TABLES, { recursive: true });
for (const bucket of [BUCKET, OTHER_BUCKET, WHOLE_BUCKET]) await makeBucket(bucket);
await sql('CREATE NAMESPACE IF NOT EXISTS hms.corpus');
const sparkTables = { ...SPARK_TABLES, ...SPARK_DELETE_TABLES, ...SPARK_PLACE_TABLES };
for (const [name, spec] of Object.entries(sparkTables)) if (isWanted(name)) await makeSparkTable(name, spec);
await makePyicebergTables();
// Always: they share files with tables that may be new.
for (const [name, make] of Object.entries(HAND_TABLES)) await make(TABLES, name);
for (const [name, spec] of Object.entries(CRAFTED_TABLES))
  if (isWanted(name) || isWanted(spec.base)) await makeCraftedTable(name, spec);
