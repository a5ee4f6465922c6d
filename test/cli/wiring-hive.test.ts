import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { fields, getText, text, textMap } from '../../src/catalog/hive/fields.js';
import type { Context } from '../../src/cli/invocation.js';
import { createHumanOutput } from '../../src/cli/render/human.js';
import { openCatalog } from '../../src/cli/wiring.js';
import { Stores } from '../../src/storage/resolver.js';
import { FakeMetastore } from '../catalog/hive/fake.js';
import { reply, type Script, type ScriptedServer, startServer } from '../catalog/hive/server.js';
import { CERT, KEY } from '../catalog/hive/tls-pair.js';
import { makeAuthority } from '../lab/tls.mjs';

const authority = makeAuthority('an authority');
const folder = mkdtempSync(join(tmpdir(), 'bcn-wiring-'));
const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function contextOf(env: Record<string, string>): { context: Context; stderr: () => string } {
  const written: string[] = [];
  const stderr = { write: (line: string) => written.push(line) };
  const io = { stdout: { write: () => true }, stderr, env, cwd: '/', signal: new AbortController().signal };
  return {
    context: { io, output: createHumanOutput(io, true, (line) => line), used: new Set() },
    stderr: () => written.join(''),
  };
}

/** A metastore with one table that demands a certificate of its clients. */
async function start(): Promise<ScriptedServer> {
  const fake = new FakeMetastore();
  const parameters = [
    ['table_type', 'ICEBERG'],
    ['metadata_location', 's3://b/t.json'],
  ] as const;
  fake.tables.set(
    't',
    fields([
      [1, text('t')],
      [9, textMap(parameters)],
      [12, text('EXTERNAL_TABLE')],
    ]),
  );
  const script: Script = (call) => (call.method === 'set_ugi' ? reply(call) : fake.answer(call));
  const server = await startServer(script, {
    tls: { ...authority.issue(['localhost']), requestCert: true, ca: [CERT] },
  });
  opened.push(server);
  return server;
}

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test('the variables of TLS and of the user reach the metastore', async () => {
  const server = await start();
  const { context, stderr } = contextOf({
    HIVE_METASTORE_URI: `thrift://localhost:${server.port}`,
    HIVE_METASTORE_TLS: 'true',
    HIVE_METASTORE_CA_FILE: file('ca.pem', authority.cert),
    HIVE_METASTORE_CERT_FILE: file('cert.pem', CERT),
    HIVE_METASTORE_KEY_FILE: file('key.pem', KEY),
    HADOOP_USER_NAME: 'carla',
  });
  const catalog = await openCatalog({ catalogType: 'hive' }, context, new Stores({}));
  opened.push(catalog);
  expect(await catalog.load({ namespace: ['db'], name: 't' })).toMatchObject({ metadataLocation: 's3://b/t.json' });
  const [first] = server.calls;
  expect([first?.method, getText(first?.args ?? new Map(), 1)]).toEqual(['set_ugi', 'carla']);
  expect([...context.used]).toEqual([
    `metastore thrift://localhost:${server.port} (HIVE_METASTORE_URI), TLS, authority of HIVE_METASTORE_CA_FILE, ` +
      'certificate of HIVE_METASTORE_CERT_FILE, as carla (HADOOP_USER_NAME)',
  ]);
  expect(stderr()).toBe('');
});

test('a server that is not verified is a warning, also with --quiet', async () => {
  const { context, stderr } = contextOf({ HIVE_METASTORE_TLS: 'true', HIVE_METASTORE_TLS_VERIFY: 'false' });
  opened.push(await openCatalog({ catalogType: 'hive' }, context, new Stores({})));
  expect(stderr()).toMatch(/^bcn: warning: .*not verified \(HIVE_METASTORE_TLS_VERIFY=false\)/);
});
