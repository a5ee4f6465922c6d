import { createServer } from 'node:http';
import { afterAll, expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/proc.mjs';
import { pomFor } from './parts/maven.mjs';
import { labEnvironment, startLab } from './start.mjs';
import { HMS } from './versions.mjs';

const server = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1');
await new Promise((resolve) => server.on('listening', resolve));
afterAll(() => server.close());
const url = `http://127.0.0.1:${server.address().port}`;
const options = { runFolder: '/nowhere', keep: () => {}, log: () => {}, docker: false };

test('addresses of the environment are used, nothing is started', async () => {
  const env = {
    BCN_TEST_S3_ENDPOINT: url,
    BCN_TEST_HMS_URI: 'thrift://h:1',
    BCN_TEST_SPARK_URL: url,
    BCN_TEST_PYICEBERG_URL: url,
  };
  expect(await startLab({ ...options, env, parts: ['s3', 'hms', 'spark', 'pyiceberg'] })).toMatchObject({
    s3: { endpoint: url, accessKey: 'admin', secretKey: 'password' },
    hms: { uri: 'thrift://h:1' },
    spark: { url },
    pyiceberg: { url },
    missing: {},
  });
});

test('an address that does not answer makes the part missing, with the reason; it is not replaced', async () => {
  const env = { BCN_TEST_S3_ENDPOINT: `http://127.0.0.1:${await freePort()}`, BCN_TEST_PYICEBERG_URL: url };
  const lab = await startLab({ ...options, env, parts: ['s3', 'pyiceberg'] });
  expect(lab.s3).toBeUndefined();
  expect(lab.missing.s3).toMatch(/^BCN_TEST_S3_ENDPOINT=http:\/\/127.0.0.1:\d+ does not answer: .*ECONNREFUSED/);
  expect(lab.pyiceberg).toEqual({ url });
});

test('parts that run already stay as they are', async () => {
  const running = { hms: { uri: 'thrift://running:1' }, missing: { s3: 'an earlier reason' } };
  const lab = await startLab({ ...options, env: { BCN_TEST_PYICEBERG_URL: url }, parts: ['hms', 'pyiceberg'], running });
  expect(lab).toMatchObject({ hms: { uri: 'thrift://running:1' }, pyiceberg: { url } });
  expect(lab.missing).toEqual({});
});

test('the environment of a lab: only parts that are there', () => {
  expect(labEnvironment({ hms: { uri: 'thrift://h:1' } })).toEqual({
    BCN_LAB: '{"hms":{"uri":"thrift://h:1"}}',
    HIVE_METASTORE_URI: 'thrift://h:1',
    BCN_TEST_HMS_URI: 'thrift://h:1',
  });
});

test('Maven is asked for exactly the artifacts named', () => {
  const pom = pomFor([HMS.tarball]);
  expect(pom).toContain('<artifactId>hive-standalone-metastore-server</artifactId><version>4.0.0</version><type>tar.gz</type>');
  expect(pom).toContain('<classifier>bin</classifier>');
  expect(pom).toContain('<exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion>');
});
