/** Hive Metastores, with Hadoop's real S3A for s3:// and s3a:// (it writes directory markers, as in production). */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, startServer, waitUntilReady } from '../../../scripts/lib/proc.mjs';
import { derbyDatabase, metastoreProperties, postgresDatabase, s3aProperties } from '../hadoop-conf.mjs';
import { provisionHms } from './hms-files.mjs';
import { javaCommand, runSchemaTool } from './hms-java.mjs';
import { query } from './postgres-client.mjs';

const SECONDS = 180;

/** @typedef {{ properties: Record<string, string | boolean>, address: { ca?: string } }} Wire */

/**
 * A metastore with an empty catalog on Derby, as an entry of native.mjs.
 * @param {string} name  of the part
 * @param {Parameters<typeof provisionHms>[0]} release  of versions.mjs
 * @param {(folder: string) => Promise<Wire>} [wire]  of hms-wire.mjs; default: plain Thrift
 */
export function hmsOnDerby(name, release, wire) {
  const start = async (options) => {
    const folder = makeFolder(options, name);
    const derby = join(folder, 'derby');
    cpSync(join(options.folder.home, 'derby'), derby, { recursive: true });
    return launch({ ...options, name, folder, files: options.folder, database: derbyDatabase(derby), wire });
  };
  return { provision: (log) => provisionHms(release, log), start, needs: ['s3'] };
}

/** The same in a database of its own in the lab's PostgreSQL. */
export function hmsOnPostgres(name, release) {
  const start = async (options) => {
    const { postgres, folder: files } = options;
    const folder = makeFolder(options, name);
    await query(postgres, `drop database if exists ${name} with (force)`);
    await query(postgres, `create database ${name}`);
    const database = postgresDatabase(postgres, name);
    await runSchemaTool({ files, schemaTool: release.schemaTool, scratch: folder, dbType: 'postgres', database });
    return launch({ ...options, name, folder, files, database });
  };
  return { provision: (log) => provisionHms(release, log), start, needs: ['s3', 'postgres'] };
}

function makeFolder({ runFolder }, name) {
  const folder = join(runFolder, name);
  // An earlier attempt may have left a catalog.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** @returns {Promise<{ uri: string, ca?: string }>} */
async function launch({ name, folder, files, database, wire, runFolder, s3, keep }) {
  const spoken = await wire?.(folder);
  const port = await freePort();
  const properties = { ...metastoreProperties(port), ...database, ...s3aProperties(s3), ...spoken?.properties };
  const jvm = ['-Xmx512m', '-Dderby.system.durability=test', `-Dderby.stream.error.file=${join(folder, 'derby.log')}`];
  const main = ['org.apache.hadoop.hive.metastore.HiveMetaStore', '-p', String(port)];
  const java = javaCommand({ files, folder, properties, main, jvm });
  const server = startServer({ name, ...java, cwd: folder, log: join(runFolder, `${name}.log`) });
  keep(server);
  await waitUntilReady(server, () => accepts(port), SECONDS);
  return { uri: `thrift://127.0.0.1:${port}`, ...spoken?.address };
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
