import { createServer } from 'node:http';
import { GenericContainer, Network, StartedNetwork } from 'testcontainers';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { dockerAnswers, dockerTarget, hmsContainer, minioContainer, startContainers } from './containers.mjs';
import { HMS, MINIO } from './versions.mjs';

describe('what would run as containers', () => {
  test('images are pinned, never latest', () => {
    for (const { image } of [minioContainer(), hmsContainer()]) expect(image).toMatch(/:(?!latest)[\w.-]+$/);
  });

  test('the metastore reaches MinIO under its name in the network, with its keys', () => {
    const minio = minioContainer();
    const [site] = hmsContainer().files;
    expect(site.target).toBe('/opt/hive/conf/hive-site.xml');
    expect(site.content).toContain(`<name>fs.s3a.endpoint</name><value>http://${minio.alias}:${minio.port}</value>`);
    expect(site.content).toContain(`<name>fs.s3a.secret.key</name><value>${minio.environment.MINIO_ROOT_PASSWORD}</value>`);
    for (const scheme of ['s3', 's3a']) expect(site.content).toContain(`<name>fs.${scheme}.impl</name>`);
  });

  test('values are escaped in the XML', () => {
    const [site] = hmsContainer({ endpoint: 'http://h', accessKey: 'a&<b>', secretKey: 's' }).files;
    expect(site.content).toContain('<value>a&amp;&lt;b&gt;</value>');
  });
});

describe('started with an engine', () => {
  // The builders are testcontainers' own; only what needs the engine is answered here.
  const events = [];
  const minio = createServer((request, response) => {
    events.push(`${request.method} ${request.url}`);
    response.end();
  }).listen(0, '127.0.0.1');
  const started = (name, port) => ({
    getHost: () => '127.0.0.1',
    getMappedPort: () => port,
    stop: async () => events.push(`stop ${name}`),
  });

  beforeEach(() => {
    events.length = 0;
    vi.spyOn(Network.prototype, 'start').mockImplementation(async () => {
      const network = Object.create(StartedNetwork.prototype);
      return Object.assign(network, { getName: () => 'n', stop: async () => events.push('stop network') });
    });
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => minio.close());

  test('MinIO, its bucket, then the metastore; stopped the other way round', async () => {
    const starts = [() => started('minio', minio.address().port), () => started('metastore', 9999)];
    vi.spyOn(GenericContainer.prototype, 'start').mockImplementation(async function start() {
      events.push(`start ${this.imageName.string}`);
      return starts.shift()();
    });
    const { addresses, stop } = await startContainers({ hms: true });
    expect(addresses).toEqual({
      s3: { endpoint: `http://127.0.0.1:${minio.address().port}`, accessKey: 'admin', secretKey: 'password' },
      hms: { uri: 'thrift://127.0.0.1:9999' },
    });
    await stop();
    expect(events).toEqual([
      ...[`start ${MINIO.image}`, 'PUT /warehouse', `start ${HMS.image}`],
      ...['stop metastore', 'stop minio', 'stop network'],
    ]);
  });

  test('a metastore that does not start takes MinIO and the network with it', async () => {
    const starts = [() => started('minio', minio.address().port), () => Promise.reject(new Error('no such image'))];
    vi.spyOn(GenericContainer.prototype, 'start').mockImplementation(async () => starts.shift()());
    await expect(startContainers({ hms: true })).rejects.toThrow('no such image');
    expect(events).toEqual(['PUT /warehouse', 'stop minio', 'stop network']);
  });
});

describe('whether Docker answers', () => {
  test('addresses of an engine', () => {
    expect(dockerTarget()).toEqual({ path: '/var/run/docker.sock' });
    expect(dockerTarget('unix:///run/user/1/docker.sock')).toEqual({ path: '/run/user/1/docker.sock' });
    expect(dockerTarget('tcp://10.0.0.1:2375')).toEqual({ host: '10.0.0.1', port: 2375 });
    expect(dockerTarget('ssh://host')).toBeUndefined();
  });

  test.each([
    [200, true],
    [500, false],
  ])('a ping answered with %i: %s', async (status, expected) => {
    const server = createServer((_request, response) => response.writeHead(status).end('OK')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.on('listening', resolve));
    expect(await dockerAnswers({ DOCKER_HOST: `tcp://127.0.0.1:${server.address().port}` })).toBe(expected);
    server.close();
  });

  test('nobody there', async () => {
    expect(await dockerAnswers({ DOCKER_HOST: 'tcp://127.0.0.1:1' })).toBe(false);
    expect(await dockerAnswers({ DOCKER_HOST: 'unix:///nowhere/docker.sock' })).toBe(false);
  });
});
