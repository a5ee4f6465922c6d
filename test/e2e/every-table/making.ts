import { CopyObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { LabWith } from '../../lab/lab.js';
import { sparkClient } from '../../lab/spark.js';
import { type SparkJava, sparkJava } from '../../lab/spark-java.js';
import { empty, split } from '../buckets.js';
import type { Parts } from '../support.js';

/** The table that is being made. */
export class Making {
  readonly spark;
  readonly java: SparkJava;
  /** For Spark. */
  readonly full: string;

  constructor(
    readonly lab: LabWith<Parts>,
    /** `database.table` */
    readonly table: string,
    /** Folder of its own in each of two buckets of the source. */
    readonly folder: string,
    readonly other: string,
    /** A bucket that is the root of hashed layouts. */
    readonly shared: string,
  ) {
    this.spark = sparkClient(lab);
    this.java = sparkJava(lab);
    this.full = `hms.${table}`;
  }

  get location(): string {
    return `${this.folder}/t`;
  }

  /** Ids, oldest first. */
  async snapshots(): Promise<string[]> {
    const found = await this.spark.sql(`SELECT snapshot_id FROM ${this.full}.snapshots ORDER BY committed_at`);
    return found.rows.map(([id]) => String(id));
  }

  /** Data files, by the lowest id in each; those without one last. */
  async files(): Promise<string[]> {
    const order = 'ORDER BY readable_metrics.id.lower_bound NULLS LAST, file_path';
    const found = await this.spark.sql(`SELECT file_path FROM ${this.full}.files WHERE content = 0 ${order}`);
    return found.rows.map(([path]) => String(path));
  }

  async copyObject(from: string, to: string): Promise<void> {
    const { s3 } = this.lab;
    const credentials = { accessKeyId: s3.accessKey, secretAccessKey: s3.secretKey };
    const client = new S3Client({ endpoint: s3.endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
    const [source, target] = [split(from), split(to)];
    const CopySource = encodeURIComponent(`${source.bucket}/${source.key}`);
    await client.send(new CopyObjectCommand({ Bucket: target.bucket, Key: target.key, CopySource }));
    client.destroy();
  }

  async removeObject(uri: string): Promise<void> {
    const { bucket, key } = split(uri);
    await empty(this.lab, bucket, key);
  }
}
