/**
 * The same parts as containers, for machines with a Docker engine. The configuration is pure and tested
 * (containers.test.mjs); starting needs an engine and testcontainers, which is loaded only then.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { derbyDatabase, hadoopXml } from './hadoop-conf.mjs';
import { COMPOSE_S3, HADOOP_TOOLS, HIVE_SITE, metastoreSite } from './hive-site.mjs';
import { putBucket } from './parts/bucket.mjs';
import { HMS, MINIO } from './versions.mjs';

const { accessKey, secretKey } = COMPOSE_S3;
const HEALTH = new URL('../../compose/metastore/health.sh', import.meta.url);

/** How to run MinIO. `alias` is its host name for other containers. */
export function minioContainer() {
  return {
    image: MINIO.image,
    alias: 'minio',
    port: 9000,
    command: ['server', '/data', '--address', ':9000'],
    environment: { MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey, MINIO_UPDATE: 'off' },
    ready: { path: '/minio/health/ready', port: 9000 },
  };
}

/**
 * How to run the metastore. It reaches S3 inside the containers' network; clients use the mapped port. On Derby, unlike
 * docker compose: PostgreSQL would need a driver that the image lacks, and the tests that need it have a metastore of their own.
 */
export function hmsContainer(s3 = COMPOSE_S3) {
  const content = hadoopXml(metastoreSite(s3, derbyDatabase('/tmp/metastore_db')));
  return {
    image: HMS.image,
    alias: 'metastore',
    port: 9083,
    environment: { SERVICE_NAME: 'metastore', HADOOP_CLASSPATH: HADOOP_TOOLS },
    files: [
      { content, target: HIVE_SITE, mode: 0o644 },
      { content: readFileSync(HEALTH, 'utf8'), target: '/compose/health.sh', mode: 0o644 },
    ],
    ready: { command: 'bash /compose/health.sh' },
    startupSeconds: 180,
  };
}

/** Whether a Docker engine answers: a ping at the address that DOCKER_HOST or the default socket names. */
export async function dockerAnswers(env = process.env) {
  const target = dockerTarget(env.DOCKER_HOST);
  if (!target) return false;
  return new Promise((resolve) => {
    const socket = connect(target);
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, () => end(false));
    socket.on('error', () => end(false));
    socket.on('connect', () => socket.write('GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n'));
    socket.on('data', (data) => end(/^HTTP\/1\.[01] 200/.test(String(data))));
    socket.on('end', () => end(false));
  });
}

/** @returns {{ path: string } | { host: string, port: number } | undefined} undefined: an address of a kind we do not ping */
export function dockerTarget(address = 'unix:///var/run/docker.sock') {
  const unix = /^unix:\/\/(.+)$/.exec(address);
  if (unix?.[1]) return { path: unix[1] };
  const tcp = /^(?:tcp|http):\/\/([^:/]+):(\d+)/.exec(address);
  return tcp?.[1] ? { host: tcp[1], port: Number(tcp[2]) } : undefined;
}

/**
 * Start MinIO and, when wanted, the metastore. testcontainers' own reaper removes them should we be killed.
 * @param {{ hms: boolean }} wanted
 */
export async function startContainers({ hms }) {
  const { GenericContainer, Network, Wait } = await import('testcontainers');
  const started = [];
  const network = await new Network().start();
  const stop = async () => {
    for (const container of started.toReversed()) await container.stop();
    await network.stop();
  };
  const container = ({ image, alias, port, environment }) =>
    new GenericContainer(image)
      .withNetwork(network)
      .withNetworkAliases(alias)
      .withEnvironment(environment)
      .withExposedPorts({ container: port, host: 0 });
  try {
    const minio = minioContainer();
    const s3 = await container(minio)
      .withCommand(minio.command)
      .withWaitStrategy(Wait.forHttp(minio.ready.path, minio.ready.port))
      .start();
    started.push(s3);
    const addresses = {
      s3: { endpoint: `http://${s3.getHost()}:${s3.getMappedPort(minio.port)}`, accessKey, secretKey },
    };
    if (hms) {
      // It may look at its warehouse as it starts.
      await putBucket(addresses.s3, 'warehouse');
      const metastore = hmsContainer();
      const running = await container(metastore)
        .withCopyContentToContainer(metastore.files)
        .withWaitStrategy(Wait.forSuccessfulCommand(metastore.ready.command))
        .withStartupTimeout(metastore.startupSeconds * 1000)
        .start();
      started.push(running);
      addresses.hms = { uri: `thrift://${running.getHost()}:${running.getMappedPort(metastore.port)}` };
    }
    return { addresses, stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}
