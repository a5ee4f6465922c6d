/** Hive Metastore 4.0.0 on Derby, with Hadoop's real S3A for s3:// and s3a:// (it writes directory markers, as in production). */
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { provisionOnce } from '../../../scripts/lib/cache.mjs';
import { freePort, has, run, startServer, waitUntilReady } from '../../../scripts/lib/proc.mjs';
import { hadoopXml, metastoreSite } from '../hadoop-conf.mjs';
import { HMS } from '../versions.mjs';
import { copyArtifacts } from './maven.mjs';

const OPENED = [
  ...['nio', 'net', 'lang', 'util', 'util.concurrent', 'util.concurrent.atomic', 'util.regex', 'lang.reflect', 'io'].map(
    (name) => `java.base/java.${name}`,
  ),
  'java.sql/java.sql',
].flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]);

/** @returns {Promise<string>} a folder with `metastore/`, `jars/` and `derby/`, an initialised catalog to copy */
export async function provisionHms(log) {
  return provisionOnce({ part: 'hms', version: HMS.version, recipe: [HMS.tarball, HMS.jars] }, make, { log });
}

async function make(folder) {
  if (!has('java')) throw new Error('no JDK is installed, so the Hive Metastore cannot run');
  const jars = join(folder, 'jars');
  mkdirSync(jars);
  await copyArtifacts([HMS.tarball, ...HMS.jars], jars);
  const tarball = readdirSync(jars).find((name) => name.endsWith('.tar.gz'));
  if (!tarball) throw new Error('Maven left no metastore tarball');
  await run('tar', ['-xzf', join(jars, tarball), '-C', folder], { what: 'tar' });
  rmSync(join(jars, tarball));
  const unpacked = readdirSync(folder).find((name) => name.includes('metastore'));
  renameSync(join(folder, unpacked ?? ''), join(folder, 'metastore'));

  const scratch = join(folder, 'scratch');
  const conf = writeConf(scratch, metastoreSite({ port: 0, derby: join(folder, 'derby') }));
  const tool = 'org.apache.hadoop.hive.metastore.tools.schematool.MetastoreSchemaTool';
  const args = [...OPENED, '-cp', classpath(folder, conf), tool, '-dbType', 'derby', '-initSchema'];
  await run('java', args, { cwd: scratch, env: environment(folder, conf), what: 'metastore schematool' });
  if (!existsSync(join(folder, 'derby', 'service.properties'))) throw new Error('schematool left no Derby database');
  rmSync(scratch, { recursive: true });
}

/**
 * Start a metastore with an empty catalog over this S3.
 * @returns {Promise<{ uri: string }>}
 */
export async function startHms({ folder, runFolder, s3, keep }) {
  const home = join(runFolder, 'hms');
  mkdirSync(home, { recursive: true });
  const derby = join(home, 'derby');
  cpSync(join(folder, 'derby'), derby, { recursive: true });
  const port = await freePort();
  const conf = writeConf(home, metastoreSite({ port, derby, s3 }));
  const server = startServer({
    name: 'hms',
    command: 'java',
    args: [
      ...OPENED,
      '-Xmx512m',
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      '-Dderby.system.durability=test',
      `-Dderby.stream.error.file=${join(home, 'derby.log')}`,
      ...['-cp', classpath(folder, conf), 'org.apache.hadoop.hive.metastore.HiveMetaStore', '-p', String(port)],
    ],
    cwd: home,
    env: environment(folder, conf),
    log: join(runFolder, 'hms.log'),
  });
  keep(server);
  await waitUntilReady(server, () => accepts(port), 120);
  return { uri: `thrift://127.0.0.1:${port}` };
}

function environment(folder, conf) {
  return { ...process.env, METASTORE_HOME: join(folder, 'metastore'), METASTORE_CONF_DIR: conf, AWS_REGION: 'us-east-1' };
}

function classpath(folder, conf) {
  return [conf, join(folder, 'metastore', 'lib', '*'), join(folder, 'jars', '*')].join(':');
}

function writeConf(parent, properties) {
  const conf = join(parent, 'conf');
  mkdirSync(conf, { recursive: true });
  writeFileSync(join(conf, 'metastore-site.xml'), hadoopXml(properties));
  writeFileSync(join(conf, 'metastore-log4j2.properties'), LOGGING);
  return conf;
}

const LOGGING = `status = WARN
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p [%t] %c{2}: %m%n
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
`;

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
