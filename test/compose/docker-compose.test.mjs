import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { COMPOSE_SPARK } from '../../scripts/lib/walkthrough/places.mjs';
import { COMPOSE } from '../../src/config/compose.ts';
import { minioContainer } from '../lab/containers.mjs';
import { COMPOSE_POSTGRES, COMPOSE_S3, HADOOP_TOOLS, HIVE_SITE } from '../lab/hive-site.mjs';
import { HMS, MINIO, POSTGRES, SPARK } from '../lab/versions.mjs';

const root = join(import.meta.dirname, '../..');
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'));
const { minio, buckets, jars, postgres, metastore, hiveserver2, spark } = compose.services;
const services = Object.entries(compose.services);
const ENDS = ['buckets', 'jars'];

describe('every service', () => {
  test('runs a pinned image', () => {
    for (const [, { image }] of services) expect(image).toMatch(/^[\w./-]+:(?!latest$)[\w.-]*\d[\w.-]*$/);
  });

  test.each(services)('%s says when it is ready, or ends', (name, { healthcheck }) => {
    if (ENDS.includes(name)) return expect(healthcheck).toBeUndefined();
    expect(healthcheck).toMatchObject({ test: ['CMD', ...Array(healthcheck.test.length - 1).fill(expect.any(String))] });
    for (const setting of ['interval', 'timeout']) expect(healthcheck[setting]).toMatch(/^\d+s$/);
    expect(healthcheck.retries).toBeGreaterThan(0);
  });

  test.each(services)('%s waits for health or the end of what it needs', (_name, { depends_on = {} }) => {
    for (const [needed, { condition }] of Object.entries(depends_on)) {
      expect(Object.keys(compose.services)).toContain(needed);
      expect(condition).toBe(ENDS.includes(needed) ? 'service_completed_successfully' : 'service_healthy');
    }
  });

  test('what ends is waited for by another, so that `up --wait` does not take its end for a failure', () => {
    const waited = services.flatMap(([, { depends_on = {} }]) => Object.keys(depends_on));
    expect(waited).toEqual(expect.arrayContaining(ENDS));
  });

  test.each(services)('%s is reachable from this machine only', (_name, { ports = [], network_mode }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
    expect(network_mode).toBeUndefined();
  });

  test.each(services)(
    '%s mounts files that exist and volumes that are declared, the files read-only',
    (_name, { volumes = [] }) => {
      for (const volume of volumes) {
        const [source, target, mode] = volume.split(':');
        expect(target).toMatch(/^\//);
        if (!source.startsWith('.')) expect(Object.keys(compose.volumes)).toContain(source);
        else expect([existsSync(join(root, source)), mode]).toEqual([true, 'ro']);
      }
    },
  );

  test('no two take the same port', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(new Set(ports).size).toBe(ports.length);
  });
});

describe('versions are those of versions.mjs', () => {
  test('images', () => {
    expect([minio, buckets].map(({ image }) => image)).toEqual([MINIO.image, MINIO.image]);
    expect([metastore, hiveserver2].map(({ image }) => image)).toEqual([HMS.image, HMS.image]);
    expect([spark, jars].map(({ image }) => image)).toEqual([SPARK.image, SPARK.image]);
    expect(postgres.image).toBe(POSTGRES.image);
  });

  test('images run the versions that the native parts have', () => {
    for (const { image, version } of [HMS, SPARK]) expect(image).toMatch(new RegExp(`:${version.replaceAll('.', '\\.')}$`));
    const py4j = SPARK.packages.find((name) => name.startsWith('py4j')).split('==')[1];
    expect(spark.environment.PYTHONPATH).toBe(`/opt/spark/python:/opt/spark/python/lib/py4j-${py4j}-src.zip`);
  });

  test('jars: fetched, checked, and on the class path of who needs them', () => {
    const wanted = [...SPARK.jars, POSTGRES.driver];
    expect(jars.environment.PACKAGES.split(',')).toEqual(wanted);
    const sums = readFileSync(join(root, 'compose/jars/sums.sha256'), 'utf8').trimEnd().split('\n');
    for (const line of sums) expect(line).toMatch(/^[0-9a-f]{64} {2}\S+$/);
    expect(sums.map((line) => line.slice(66))).toEqual(wanted.map(fileOf));
    expect(spark.environment.LAB_JARS.split(',')).toEqual(SPARK.jars.map((jar) => `/jars/${fileOf(jar)}`));
    expect(metastore.environment.HADOOP_CLASSPATH).toBe(`${HADOOP_TOOLS}:/jars/${fileOf(POSTGRES.driver)}`);
    expect(hiveserver2.environment.HADOOP_CLASSPATH).toBe(HADOOP_TOOLS);
    for (const service of [metastore, spark]) expect(service.volumes).toContain('jars:/jars:ro');
  });

  /** As Spark's resolver names it. */
  const fileOf = (coordinates) => {
    const [group, artifact, version] = coordinates.split(':');
    return `ivy/jars/${group}_${artifact}-${version}.jar`;
  };
});

describe('addresses and keys', () => {
  test("are bcn's defaults", () => {
    expect(minio.ports).toContain(`127.0.0.1:${portOf(COMPOSE.endpoint)}:9000`);
    expect(metastore.ports).toContain(`127.0.0.1:${portOf(COMPOSE.metastore)}:9083`);
    const { MINIO_ROOT_USER, MINIO_ROOT_PASSWORD } = minio.environment;
    expect([MINIO_ROOT_USER, MINIO_ROOT_PASSWORD]).toEqual([COMPOSE.accessKey, COMPOSE.secretKey]);
    expect(buckets.command).toEqual(expect.arrayContaining([`lab/${COMPOSE.warehouseBucket}`, `lab/${COMPOSE.backupBucket}`]));
  });

  test('the walk-through finds Spark', () => {
    expect(spark.ports).toEqual([`127.0.0.1:${portOf(COMPOSE_SPARK)}:${spark.environment.LAB_PORT}`]);
    expect(spark.healthcheck.test.at(-1)).toContain(`/dev/tcp/127.0.0.1/${spark.environment.LAB_PORT}`);
  });

  test('consoles and JDBC are where people look for them', () => {
    expect(minio.ports).toContain('127.0.0.1:9001:9001');
    expect(hiveserver2.ports).toEqual(['127.0.0.1:10000:10000', '127.0.0.1:10002:10002']);
  });

  test('the services find each other', () => {
    const { endpoint, accessKey, secretKey } = COMPOSE_S3;
    expect(buckets.environment.MC_HOST_lab).toBe(endpoint.replace('//', `//${accessKey}:${secretKey}@`));
    expect(spark.environment).toMatchObject({
      LAB_HOST: '0.0.0.0',
      LAB_S3_ENDPOINT: endpoint,
      LAB_S3_ACCESS_KEY: accessKey,
      LAB_S3_SECRET_KEY: secretKey,
      LAB_HMS_URI: 'thrift://metastore:9083',
    });
    const { user, password } = COMPOSE_POSTGRES;
    expect(postgres.environment).toEqual({ POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: 'metastore' });
    for (const service of [metastore, hiveserver2]) {
      expect(service.volumes.some((volume) => volume.endsWith(`/hive-site.xml:${HIVE_SITE}:ro`))).toBe(true);
    }
  });

  test('MinIO runs as in the containers of the tests, with a console', () => {
    const { command, environment } = minioContainer();
    expect(minio.command.slice(0, command.length)).toEqual(command);
    expect(minio.environment).toEqual(environment);
  });

  const portOf = (address) => new URL(address).port;
});
