/** Make a bucket with one signed request: the lab starts before any S3 client can be relied on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { signed } from './signed.mjs';

/**
 * PUT a bucket (path style). One that exists already is no error.
 * @param {{ endpoint: string, accessKey: string, secretKey: string, region?: string, ca?: string }} s3  `ca`: PEM file
 * @param {string} bucket
 */
export async function putBucket(s3, bucket) {
  for (let tries = 1; ; tries++) {
    const { status, body } = await signed(s3, { method: 'PUT', path: `/${bucket}` });
    if (status < 300 || status === 409) return;
    // On a busy machine MinIO says that it is ready a moment before it takes requests.
    if (status !== 503 || tries === 60) throw new Error(`bucket ${bucket}: ${status} ${body}`);
    await sleep(500);
  }
}
