import type { LabWith } from '../../lab/lab.js';
import { hiveProperties, type Properties } from '../../lab/pyiceberg.js';
import { sparkClient } from '../../lab/spark.js';
import { allow, assumeRole } from '../../storage/s3/sts.js';
import { type Parts, unique } from '../support.js';

/** The lab's metastore, with keys that reach the target bucket and nothing else: whoever reads or writes through it cannot touch the source. */
export interface Fence {
  /** Name of the catalog in Spark. */
  readonly catalog: string;
  /** The same for pyiceberg. */
  readonly properties: Properties;
}

export async function fenceAround(lab: LabWith<Parts>, bucket: string): Promise<Fence> {
  const keys = await assumeRole(lab.s3, [allow(['s3:*'], bucket)]);
  const catalog = unique('fenced');
  const settings = {
    type: 'hive',
    uri: lab.hms.uri,
    'io-impl': 'org.apache.iceberg.aws.s3.S3FileIO',
    'cache-enabled': 'false',
    's3.endpoint': lab.s3.endpoint,
    's3.path-style-access': 'true',
    's3.access-key-id': keys.accessKeyId,
    's3.secret-access-key': keys.secretAccessKey,
    's3.session-token': keys.sessionToken,
    'client.region': 'us-east-1',
  };
  const name = `spark.sql.catalog.${catalog}`;
  const set = Object.entries(settings).map(([key, value]) => `SET \`${name}.${key}\`=\`${value}\``);
  await sparkClient(lab).run(`SET ${name}=org.apache.iceberg.spark.SparkCatalog`, ...set);
  const properties = {
    ...hiveProperties(lab),
    's3.access-key-id': keys.accessKeyId,
    's3.secret-access-key': keys.secretAccessKey,
    's3.session-token': keys.sessionToken,
  };
  return { catalog, properties };
}
