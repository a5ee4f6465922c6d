/** The stack of docker-compose.yml, at the original tool's addresses: public, made for laptops and CI, and the defaults of last resort. */
export const COMPOSE = {
  endpoint: 'http://localhost:9000',
  accessKey: 'admin',
  secretKey: 'password',
  metastore: 'thrift://localhost:9083',
  backupBucket: 'iceberg',
  warehouseBucket: 'warehouse',
} as const;
