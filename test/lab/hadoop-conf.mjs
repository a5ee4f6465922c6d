/** The Hadoop configuration of a metastore, as values: what the native metastore and the container both get. */

/**
 * @param {Record<string, string | number | boolean>} properties
 * @returns {string} a Hadoop *-site.xml
 */
export function hadoopXml(properties) {
  const quoted = (text) => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const lines = Object.entries(properties).map(
    ([name, value]) => `  <property><name>${quoted(name)}</name><value>${quoted(value)}</value></property>`,
  );
  return ['<?xml version="1.0"?>', '<configuration>', ...lines, '</configuration>', ''].join('\n');
}

/**
 * S3A for both schemes, against an S3 that is not AWS.
 * @param {{ endpoint: string, accessKey: string, secretKey: string }} s3
 */
export function s3aProperties({ endpoint, accessKey, secretKey }) {
  return {
    'fs.s3a.impl': 'org.apache.hadoop.fs.s3a.S3AFileSystem',
    'fs.s3.impl': 'org.apache.hadoop.fs.s3a.S3AFileSystem',
    'fs.s3a.endpoint': endpoint,
    'fs.s3a.endpoint.region': 'us-east-1',
    'fs.s3a.path.style.access': true,
    'fs.s3a.connection.ssl.enabled': endpoint.startsWith('https:'),
    'fs.s3a.access.key': accessKey,
    'fs.s3a.secret.key': secretKey,
    'fs.s3a.aws.credentials.provider': 'org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider',
    'fs.s3a.attempts.maximum': 3,
  };
}

/** Where a metastore keeps its catalog: Derby inside its own process, in this folder. */
export function derbyDatabase(folder) {
  return {
    'javax.jdo.option.ConnectionURL': `jdbc:derby:;databaseName=${folder};create=true`,
    'javax.jdo.option.ConnectionDriverName': 'org.apache.derby.jdbc.EmbeddedDriver',
  };
}

/**
 * The same in a database of a PostgreSQL server.
 * @param {{ host: string, port: number, user: string, password: string }} server
 * @param {string} database
 */
export function postgresDatabase({ host, port, user, password }, database) {
  return {
    'javax.jdo.option.ConnectionURL': `jdbc:postgresql://${host}:${port}/${database}`,
    'javax.jdo.option.ConnectionDriverName': 'org.postgresql.Driver',
    'javax.jdo.option.ConnectionUserName': user,
    'javax.jdo.option.ConnectionPassword': password,
  };
}

/** A metastore that listens on this port of 127.0.0.1 only. */
export function metastoreProperties(port) {
  return {
    'metastore.task.threads.always': 'org.apache.hadoop.hive.metastore.events.EventCleanerTask',
    'metastore.expression.proxy': 'org.apache.hadoop.hive.metastore.DefaultPartitionExpressionProxy',
    'metastore.thrift.bind.host': '127.0.0.1',
    'metastore.thrift.port': port,
    'metastore.warehouse.dir': 's3a://warehouse/hive',
    'metastore.event.db.notification.api.auth': false,
    'hive.metastore.disallow.incompatible.col.type.changes': false,
  };
}
