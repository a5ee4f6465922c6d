/** Every environment variable that bcn reads itself, in one place; the README's table and `bcn --help` come from it. */
export interface Variable {
  readonly name: string;
  /** As documented; '' = none. */
  readonly fallback: string;
  readonly help: string;
  /** Its value never appears in any output. */
  readonly secret?: true;
}

const places = ['source', 'repo', 'target', 'to'] as const;

export const VARIABLES: readonly Variable[] = [
  { name: 'S3_ENDPOINT', fallback: 'http://localhost:9000 *', help: 'S3 service' },
  { name: 'S3_ACCESS_KEY', fallback: 'admin *', help: 'access key' },
  { name: 'S3_SECRET_KEY', fallback: 'password *', help: 'secret key', secret: true },
  { name: 'S3_SESSION_TOKEN', fallback: '', help: 'session token of temporary keys', secret: true },
  { name: 'S3_REGION', fallback: 'AWS_REGION', help: 'region' },
  { name: 'S3_PATH_STYLE', fallback: 'true, false on AWS', help: 'http://host/bucket (true) or http://bucket.host (false)' },
  { name: 'S3_CA_FILE', fallback: 'AWS_CA_BUNDLE', help: "PEM file of a private authority, trusted beside the system's" },
  { name: 'S3_STORAGE_CLASS', fallback: '', help: 'storage class of data files written to repository or target' },
  { name: 'S3_SSE_KMS_KEY_ID', fallback: '', help: 'KMS key for all that is written there' },
  { name: 'HIVE_METASTORE_URI', fallback: 'thrift://localhost:9083', help: 'metastore, or several separated by commas' },
  { name: 'HIVE_METASTORE_FRAMED', fallback: 'false', help: 'framed Thrift transport' },
  { name: 'HIVE_METASTORE_TIMEOUT', fallback: '60', help: 'deadline of one metastore call in seconds' },
  { name: 'HIVE_METASTORE_TLS', fallback: 'false', help: 'TLS to the metastore' },
  { name: 'HIVE_METASTORE_CA_FILE', fallback: '', help: 'PEM file of the authority to trust for it, instead of the public ones' },
  { name: 'HIVE_METASTORE_CERT_FILE', fallback: '', help: 'PEM file of the certificate to show it' },
  { name: 'HIVE_METASTORE_KEY_FILE', fallback: '', help: 'PEM file of the key of that certificate, without a passphrase' },
  { name: 'HIVE_METASTORE_TLS_VERIFY', fallback: 'true', help: 'false accepts any certificate of the metastore' },
  {
    name: 'HADOOP_USER_NAME',
    fallback: '',
    help: 'whom to tell the metastore we are, and the owner of restored tables without one',
  },
  { name: 'BACKUP_BUCKET', fallback: 'iceberg', help: 'the repository: bucket, bucket/prefix, s3:// or file:// URL' },
  { name: 'WAREHOUSE_BUCKET', fallback: 'warehouse', help: 'where restored tables go without --target-location' },
  { name: 'BCN_PATH_WAREHOUSE', fallback: '', help: 'folder of the path catalog: file:// or s3:// URL' },
  { name: 'BCN_MULTIPART_THRESHOLD', fallback: '5368709120', help: 'bytes above which S3 copies run in parts (at most 5 GiB)' },
  { name: 'BCN_DEBUG', fallback: '', help: '1 prints stack traces' },
  ...places.flatMap((place): readonly Variable[] => {
    const prefix = `BCN_${place.toUpperCase()}_S3`;
    return [
      { name: `${prefix}_ENDPOINT`, fallback: 'S3_ENDPOINT', help: `S3 service of the ${placeName(place)}` },
      { name: `${prefix}_REGION`, fallback: 'S3_REGION', help: `region of the ${placeName(place)}` },
      { name: `${prefix}_ACCESS_KEY`, fallback: 'S3_ACCESS_KEY', help: `access key of the ${placeName(place)}` },
      { name: `${prefix}_SECRET_KEY`, fallback: 'S3_SECRET_KEY', help: `secret key of the ${placeName(place)}`, secret: true },
      { name: `${prefix}_SESSION_TOKEN`, fallback: '', help: `session token of the ${placeName(place)}'s keys`, secret: true },
      { name: `${prefix}_PATH_STYLE`, fallback: 'S3_PATH_STYLE', help: `path style of the ${placeName(place)}` },
      { name: `${prefix}_CA_FILE`, fallback: 'S3_CA_FILE', help: `authority of the ${placeName(place)}` },
      ...(place === 'source' ? [] : keptBy(prefix, placeName(place))),
    ];
  }),
];

/** Nothing is written to a source. */
function keptBy(prefix: string, place: string): readonly Variable[] {
  return [
    {
      name: `${prefix}_STORAGE_CLASS`,
      fallback: 'S3_STORAGE_CLASS',
      help: `storage class of data files written to the ${place}`,
    },
    { name: `${prefix}_SSE_KMS_KEY_ID`, fallback: 'S3_SSE_KMS_KEY_ID', help: `KMS key for all that is written to the ${place}` },
  ];
}

function placeName(place: (typeof places)[number]): string {
  if (place === 'to') return 'repository of copies';
  return place === 'repo' ? 'repository' : place;
}
