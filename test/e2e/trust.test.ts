import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeWith } from '../lab/lab.js';
import { makeAuthority } from '../lab/tls.mjs';
import { Bcn } from './support.js';

describeWith(['s3', 'hms', 'minio2'], 'authorities', (lab) => {
  const folder = mkdtempSync(join(tmpdir(), 'bcn-trust-'));
  const other = join(folder, 'other.pem');
  writeFileSync(other, makeAuthority('another').cert);
  afterAll(() => rmSync(folder, { recursive: true }));
  const { endpoint, accessKey, secretKey, region = '', ca = '' } = lab.minio2;
  const bcn = new Bcn(lab, 'iceberg/nothing-here', {
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY: accessKey,
    S3_SECRET_KEY: secretKey,
    S3_REGION: region,
  });

  // What Node trusts is settled when the process starts, so this needs one for each case.
  test.for([
    ['the file', { S3_CA_FILE: ca }, 10],
    ['what Node trusts anyway, beside a file of another authority', { S3_CA_FILE: other, NODE_EXTRA_CA_CERTS: ca }, 10],
    ['the file, beside what else Node trusts', { S3_CA_FILE: ca, NODE_EXTRA_CA_CERTS: other }, 10],
    ['the file, beside one that Node cannot read', { S3_CA_FILE: ca, NODE_EXTRA_CA_CERTS: '/nonexistent' }, 10],
    ['neither', { S3_CA_FILE: other }, 2],
  ] as const)('%s', async ([, env, exit]) => {
    const ran = await bcn.run(['list'], env);
    expect([ran.exit, ran.stderr]).toEqual([exit, expect.stringContaining(exit === 10 ? 'epository' : 'S3_CA_FILE')]);
  });
});
