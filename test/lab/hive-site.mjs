/**
 * hive-site.xml of Hive's image, as values: for the containers of the tests, and for docker compose, where a copy lies in compose/.
 * It replaces the image's own file, so what that sets and still matters is here, too.
 */
import { postgresDatabase, s3aProperties } from './hadoop-conf.mjs';

const WAREHOUSE = 's3a://warehouse/hive';

/** Where the image reads it. Over the file itself: the image's folder for custom ones is linked by `find`, which not every release has. */
export const HIVE_SITE = '/opt/hive/conf/hive-site.xml';

/** Hadoop's S3A lies in the image, but not on its class path: HADOOP_CLASSPATH. */
export const HADOOP_TOOLS = '/opt/hadoop/share/hadoop/tools/lib/*';

/** The services of docker-compose.yml by their names there. */
export const COMPOSE_S3 = { endpoint: 'http://minio:9000', accessKey: 'admin', secretKey: 'password' };
export const COMPOSE_POSTGRES = { host: 'postgres', port: 5432, user: 'hive', password: 'password' };

/**
 * A metastore on all addresses of its container.
 * @param {Parameters<typeof s3aProperties>[0]} s3
 * @param {Record<string, string>} database  of hadoop-conf.mjs
 */
export function metastoreSite(s3, database) {
  return {
    ...s3aProperties(s3),
    'hive.metastore.warehouse.dir': WAREHOUSE,
    'hive.metastore.disallow.incompatible.col.type.changes': false,
    'hive.metastore.event.db.notification.api.auth': false,
    ...database,
  };
}

export const composeMetastoreSite = () => metastoreSite(COMPOSE_S3, postgresDatabase(COMPOSE_POSTGRES, 'metastore'));

/** HiveServer2 beside it; queries run in its own process. */
export function composeHiveServer2Site() {
  return {
    ...s3aProperties(COMPOSE_S3),
    'hive.metastore.uris': 'thrift://metastore:9083',
    'hive.metastore.warehouse.dir': WAREHOUSE,
    'hive.metastore.event.db.notification.api.auth': false,
    'hive.server2.enable.doAs': false,
    'hive.execution.engine': 'tez',
    'hive.exec.scratchdir': '/opt/hive/scratch_dir',
    'hive.exec.submit.local.task.via.child': false,
    'hive.tez.exec.inplace.progress': false,
    'hive.user.install.directory': '/opt/hive/install_dir',
    'mapreduce.framework.name': 'local',
    'tez.local.mode': true,
    'tez.runtime.optimize.local.fetch': true,
  };
}
