/** One request of AWS's kind, signed by hand: for the lab, which starts before any S3 client can be relied on, and for what bcn's SDK has no client for. */
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const hmac = (key, bytes) => createHmac('sha256', key).update(bytes).digest();

/**
 * Send a request with AWS Signature Version 4.
 * @param {{ endpoint: string, accessKey: string, secretKey: string, region?: string, ca?: string }} s3  `ca`: PEM file
 * @param {{ method: string, path: string, body?: string, service?: string }} request  `path`: without a query, encoded; `service`: default s3
 * @returns {Promise<{ status: number, body: string }>}
 */
export function signed(
  { endpoint, accessKey, secretKey, region = 'us-east-1', ca },
  { method, path, body = '', service = 's3' },
) {
  const url = new URL(path, endpoint);
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const headers = { host: url.host, 'x-amz-content-sha256': sha256(body), 'x-amz-date': time };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`);
  const canonical = [method, url.pathname, '', ...lines, '', names, sha256(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce(hmac, `AWS4${secretKey}`);
  const signature = hmac(key, toSign).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const form = body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  return send(url, { method, headers: { ...headers, ...form, authorization }, ...(ca ? { ca: readFileSync(ca) } : {}) }, body);
}

/** Not `fetch`, which cannot be told of a private authority. */
function send(url, { headers, ...options }, body) {
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const all = { ...headers, 'content-length': Buffer.byteLength(body) };
    const outgoing = request(url, { ...options, headers: all }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
