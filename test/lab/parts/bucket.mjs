/** Make a bucket with one signed request: the lab starts before any S3 client can be relied on. */
import { createHash, createHmac } from 'node:crypto';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

/**
 * PUT a bucket (AWS Signature Version 4, path style, us-east-1). One that exists already is no error.
 * @param {{ endpoint: string, accessKey: string, secretKey: string }} s3
 * @param {string} bucket
 */
export async function putBucket({ endpoint, accessKey, secretKey }, bucket) {
  const url = new URL(`/${bucket}`, endpoint);
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const scope = `${day}/us-east-1/s3/aws4_request`;
  const signedHeaders = 'host;x-amz-content-sha256;x-amz-date';
  const headers = { 'x-amz-content-sha256': sha256(''), 'x-amz-date': time };
  const canonical = [
    'PUT',
    url.pathname,
    '',
    `host:${url.host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`),
    '',
    signedHeaders,
    sha256(''),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, 'us-east-1', 's3', 'aws4_request'].reduce(hmac, `AWS4${secretKey}`);
  const signature = hmac(key, toSign).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  const response = await fetch(url, { method: 'PUT', headers: { ...headers, authorization } });
  if (!response.ok && response.status !== 409) throw new Error(`bucket ${bucket}: ${response.status} ${await response.text()}`);
}
