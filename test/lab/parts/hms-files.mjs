/** What a Hive Metastore is run from: Hadoop's jars, which all versions share, and each version's tarball and empty catalog. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { provisionOnce } from '../../../scripts/lib/cache.mjs';
import { has, run } from '../../../scripts/lib/proc.mjs';
import { derbyDatabase } from '../hadoop-conf.mjs';
import { HADOOP } from '../versions.mjs';
import { runSchemaTool } from './hms-java.mjs';
import { copyArtifacts } from './maven.mjs';

/** Several parts want the same files at once: they are made, or cannot be made, once. */
const begun = new Map();

/**
 * @typedef {object} HmsFiles
 * @property {string} hadoop  folder of jars
 * @property {string} home  folder with `metastore/` and `derby/`, an initialised catalog to copy
 */

/**
 * @param {{ version: string, tarball: string, jars: readonly string[], without: readonly string[], schemaTool: string }} release
 *   of versions.mjs
 * @param {(line: string) => void} log
 * @returns {Promise<HmsFiles>}
 */
export async function provisionHms(release, log) {
  if (!has('java')) throw new Error('no JDK is installed, so the Hive Metastore cannot run');
  const hadoop = await once('hadoop', () => {
    const { version, jars } = HADOOP;
    return provisionOnce({ part: 'hadoop', version, recipe: jars }, (folder) => copyArtifacts(jars, folder), { log });
  });
  const { version, tarball, jars, without } = release;
  const home = await once(version, () => {
    const recipe = [tarball, jars, without, HADOOP.jars];
    return provisionOnce({ part: 'hms', version, recipe }, (folder) => make(folder, hadoop, release), { log });
  });
  return { hadoop, home };
}

function once(key, work) {
  if (!begun.has(key)) begun.set(key, work());
  return begun.get(key);
}

async function make(folder, hadoop, { tarball, jars, without, schemaTool }) {
  const scratch = join(folder, 'scratch');
  mkdirSync(scratch);
  await copyArtifacts([tarball, ...jars], scratch);
  const archive = readdirSync(scratch).find((name) => name.endsWith('.tar.gz'));
  if (!archive) throw new Error('Maven left no metastore tarball');
  await run('tar', ['-xzf', join(scratch, archive), '-C', folder], { what: 'tar' });
  const unpacked = readdirSync(folder).find((name) => name.includes('metastore'));
  renameSync(join(folder, unpacked ?? ''), join(folder, 'metastore'));
  const lib = join(folder, 'metastore', 'lib');
  for (const jar of without) rmSync(join(lib, jar));
  for (const jar of readdirSync(scratch)) if (jar.endsWith('.jar')) renameSync(join(scratch, jar), join(lib, jar));

  const database = derbyDatabase(join(folder, 'derby'));
  await runSchemaTool({ files: { hadoop, home: folder }, schemaTool, scratch, dbType: 'derby', database });
  if (!existsSync(join(folder, 'derby', 'service.properties'))) throw new Error('schematool left no Derby database');
  rmSync(scratch, { recursive: true });
}
