/** How the metastore's classes are run: options of the JVM, class path, configuration folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../scripts/lib/proc.mjs';
import { hadoopXml, metastoreProperties } from '../hadoop-conf.mjs';

const OPENED = [
  ...['nio', 'net', 'lang', 'util', 'util.concurrent', 'util.concurrent.atomic', 'util.regex', 'lang.reflect', 'io'].map(
    (name) => `java.base/java.${name}`,
  ),
  'java.sql/java.sql',
].flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]);

const LOGGING = `status = WARN
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p [%t] %c{2}: %m%n
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
`;

/**
 * The `java` command line and environment of a class of the metastore.
 * @param {object} options
 * @param {import('./hms-files.mjs').HmsFiles} options.files
 * @param {string} options.folder  exists; gets `conf/`
 * @param {Record<string, string | number | boolean>} options.properties  its metastore-site.xml
 * @param {readonly string[]} options.main  class and arguments
 * @param {readonly string[]} [options.jvm]  further options of the JVM
 */
export function javaCommand({ files, folder, properties, main, jvm = [] }) {
  const conf = join(folder, 'conf');
  mkdirSync(conf, { recursive: true });
  writeFileSync(join(conf, 'metastore-site.xml'), hadoopXml(properties));
  writeFileSync(join(conf, 'metastore-log4j2.properties'), LOGGING);
  const metastore = join(files.home, 'metastore');
  const classpath = [conf, join(metastore, 'lib', '*'), join(files.hadoop, '*')].join(':');
  // These start several at once on few cores, and live for minutes: compile little, collect with one thread.
  const quick = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
  return {
    command: 'java',
    args: [...OPENED, ...quick, ...jvm, '-cp', classpath, ...main],
    env: { ...process.env, METASTORE_HOME: metastore, METASTORE_CONF_DIR: conf, AWS_REGION: 'us-east-1' },
  };
}

/** Make the metastore's tables in an empty database. */
export async function runSchemaTool({ files, schemaTool, scratch, dbType, database }) {
  const properties = { ...metastoreProperties(0), ...database };
  const main = [schemaTool, '-dbType', dbType, '-initSchema'];
  const { command, args, env } = javaCommand({ files, folder: scratch, properties, main });
  await run(command, args, { cwd: scratch, env, what: 'metastore schematool' });
}
