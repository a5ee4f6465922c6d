/** Deletes what lies below a table's location, as somebody does who means another one. */

/**
 * @param {object} s3
 * @param {string} s3.endpoint
 * @param {string} s3.accessKey
 * @param {string} s3.secretKey
 * @param {string} s3.region
 * @param {string} location  s3:// or s3a:// URI
 * @param {string} name  must be the last step of the location, so that nothing else is ever deleted
 * @returns {Promise<number>} how many objects there were
 */
export async function emptyLocation({ endpoint, accessKey, secretKey, region }, location, name) {
  const [, bucket, key] = /^s3[an]?:\/\/([^/]+)\/(.+?)\/*$/.exec(location) ?? [];
  if (!bucket || key?.split('/').at(-1) !== name)
    throw new Error(`${location} is not the place of ${name} alone: nothing was deleted`);
  const { S3Client, paginateListObjectsV2, DeleteObjectCommand } = await import('@aws-sdk/client-s3');
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  let count = 0;
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: `${key}/` })) {
    for (const { Key } of page.Contents ?? []) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      count += 1;
    }
  }
  client.destroy();
  return count;
}
