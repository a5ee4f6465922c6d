import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { dockerAnswers, dockerTarget, hmsContainer, minioContainer } from './containers.mjs';

describe('what would run as containers', () => {
  test('images are pinned, never latest', () => {
    for (const { image } of [minioContainer(), hmsContainer()]) expect(image).toMatch(/:(?!latest)[\w.-]+$/);
  });

  test('the metastore reaches MinIO under its name in the network, with its keys', () => {
    const minio = minioContainer();
    const [site] = hmsContainer().files;
    expect(site.target).toBe('/hive_custom_conf/hive-site.xml');
    expect(site.content).toContain(`<name>fs.s3a.endpoint</name><value>http://${minio.alias}:${minio.port}</value>`);
    expect(site.content).toContain(`<name>fs.s3a.secret.key</name><value>${minio.environment.MINIO_ROOT_PASSWORD}</value>`);
    for (const scheme of ['s3', 's3a']) expect(site.content).toContain(`<name>fs.${scheme}.impl</name>`);
  });

  test('values are escaped in the XML', () => {
    const [site] = hmsContainer({ endpoint: 'http://h', accessKey: 'a&<b>', secretKey: 's' }).files;
    expect(site.content).toContain('<value>a&amp;&lt;b&gt;</value>');
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
