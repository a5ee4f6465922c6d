import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ObjectStore } from '../../../src/storage/port.js';
import { createS3Store } from '../../../src/storage/s3/s3-store.js';
import { all, failure } from '../../conformance/storage-parts/tools.js';
import { describeWith } from '../../lab/lab.js';
import { s3Failure, xml } from './fake-server.js';
import { freshBucket, labConfig } from './service.js';

interface Put {
  readonly key: string;
  readonly response: ServerResponse;
  /** The whole body. */
  readonly body: () => Promise<Buffer>;
  /** PUTs until now, from 1. */
  readonly count: number;
}

interface Fake {
  readonly store: ObjectStore;
  readonly objects: Map<string, Buffer>;
  readonly puts: { readonly headers: IncomingMessage['headers'] }[];
  readonly deleted: string[];
}

const RIGHTS = { delete: true };

/** A service whose PUTs are answered by the test, as soon as their headers are there. */
async function service(put: (put: Put, objects: Map<string, Buffer>) => Promise<unknown>, rights = RIGHTS): Promise<Fake> {
  const fake = { objects: new Map<string, Buffer>(), puts: [] as Fake['puts'], deleted: [] as string[] };
  const server = createServer(async (request, response) => {
    const key = decodeURIComponent((request.url as string).split('?')[0] as string).slice('/buck/'.length);
    response.setHeader('x-amz-request-id', 'fake');
    if (request.method === 'PUT') {
      let body: Promise<Buffer> | undefined;
      const whole = () => (body ??= buffer(request));
      fake.puts.push({ headers: request.headers });
      await put({ key, response, body: whole, count: fake.puts.length }, fake.objects);
    } else if (request.method === 'GET') {
      const bytes = fake.objects.get(key);
      if (bytes) response.writeHead(200, { etag: '"e"', 'content-length': bytes.length }).end(bytes);
      else s3Failure(response, 404, 'NoSuchKey');
    } else if (rights.delete) {
      const keys = [...(await buffer(request)).toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, found]) => found as string);
      fake.deleted.push(...keys);
      for (const each of keys) fake.objects.delete(each);
      xml(response, '<DeleteResult/>');
    } else s3Failure(response, 403, 'AccessDenied');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'k', secretAccessKey: 's' }, maxAttempts: 2 };
  return { ...fake, store: createS3Store(config, 'buck') };
}

const done = (response: ServerResponse) => response.writeHead(200, { etag: '"e"' }).end();

/** How services treat If-None-Match. */
const after = async ({ key, response, body }: Put, objects: Map<string, Buffer>) => {
  const bytes = await body();
  if (objects.has(key)) return s3Failure(response, 412, 'PreconditionFailed');
  objects.set(key, bytes);
  return done(response);
};
const before = async ({ key, response, body }: Put, objects: Map<string, Buffer>) => {
  if (objects.has(key)) {
    await body();
    return s3Failure(response, 412, 'PreconditionFailed');
  }
  objects.set(key, await body());
  return done(response);
};
const never = async ({ key, response, body }: Put, objects: Map<string, Buffer>) => {
  objects.set(key, await body());
  return done(response);
};

describe('whether conditional writes are a compare-and-swap', () => {
  test('a service that looks when it has the body: yes', async () => {
    const { store, objects, puts, deleted } = await service(after);
    expect(await store.probeCreate('p/')).toBe(true);
    for (const { headers } of puts) {
      expect(headers).toMatchObject({ 'if-none-match': '*', 'content-length': `${68 << 10}` });
      // Signed as a whole, as services behind plain http demand.
      expect(headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(puts.length).toBeGreaterThan(20);
    // Nothing stays.
    expect(objects.size).toBe(0);
    expect(new Set(deleted).size).toBe(deleted.length);
    for (const key of deleted) expect(key).toMatch(/^p\/\d+-[0-9a-f]{16}$/);
  });

  test('a service that looks before it takes in the body: no, in the first round', async () => {
    const { store, puts, objects } = await service(before);
    expect(await store.probeCreate('p/')).toBe(false);
    expect(new Set(puts.map(({ headers }) => headers['x-amz-content-sha256'])).size).toBe(8);
    expect(puts).toHaveLength(8);
    expect(objects.size).toBe(0);
  });

  test('that same service fools whoever asks one after another', async () => {
    const { store } = await service(before);
    await store.create('k', Buffer.from('1'));
    await failure(store.create('k', Buffer.from('2')), 'object-exists');
  });

  test('a service that ignores the header: no', async () => {
    const { store } = await service(never);
    expect(await store.probeCreate('p/')).toBe(false);
  });

  test('a service that has no conditional writes, and says so: no', async () => {
    const { store } = await service(async ({ response, body }) => {
      await body();
      s3Failure(response, 501, 'NotImplemented');
    });
    expect(await store.probeCreate('p/')).toBe(false);
  });

  test('a service that says so without waiting for the body: no, at once', async () => {
    const { store } = await service(async ({ response }) => s3Failure(response, 501, 'NotImplemented'));
    expect(await store.probeCreate('p/')).toBe(false);
  });

  test('a service that tells losers of a conflict: yes', async () => {
    const { store } = await service(async (put, objects) => {
      const bytes = await put.body();
      if (objects.has(put.key)) return s3Failure(put.response, 409, 'ConditionalRequestConflict');
      objects.set(put.key, bytes);
      return done(put.response);
    });
    expect(await store.probeCreate('p/')).toBe(true);
  });

  test('a service that tells the loser so, and keeps its bytes: no', async () => {
    const { store } = await service(async (put, objects) => {
      const taken = objects.has(put.key);
      objects.set(put.key, await put.body());
      return taken ? s3Failure(put.response, 412, 'PreconditionFailed') : done(put.response);
    });
    expect(await store.probeCreate('p/')).toBe(false);
  });

  test('a service that has lost the winner: no', async () => {
    let won = false;
    const { store } = await service(async ({ response, body }) => {
      await body();
      if (won) return s3Failure(response, 412, 'PreconditionFailed');
      won = true;
      return done(response);
    });
    expect(await store.probeCreate('p/')).toBe(false);
  });

  test('an identity that may not delete: the answer all the same', async () => {
    const { store, objects } = await service(after, { delete: false });
    expect(await store.probeCreate('p/')).toBe(true);
    expect(objects.size).toBeGreaterThan(0);
    for (const key of objects.keys()) expect(key).toMatch(/^p\//);
  });
});

describe('what keeps it from finding out', () => {
  test('a writer that fails is asked again in a round of its own', async () => {
    const { store } = await service(async (put, objects) => {
      if (put.count === 3) {
        await put.body();
        return s3Failure(put.response, 503, 'SlowDown');
      }
      return after(put, objects);
    });
    expect(await store.probeCreate('p/')).toBe(true);
  });

  test('two winners say enough, whatever happened to the others', async () => {
    const { store } = await service(async (put, objects) => {
      if (put.count > 2) return put.response.destroy();
      return before(put, objects);
    });
    expect(await store.probeCreate('p/')).toBe(false);
  });

  test('a service that breaks off a body before its reason can be read is asked for the reason', async () => {
    const { store, puts } = await service(async ({ response, body }) => {
      const { headers } = puts.at(-1) as { headers: IncomingMessage['headers'] };
      if (headers['content-length'] !== '0') return response.destroy();
      await body();
      return s3Failure(response, 404, 'NoSuchBucket');
    });
    const error = await failure(store.probeCreate('p/'), 'bucket-not-found');
    expect(error.object).toBe('s3://buck');
  });

  test('an outage is one, with the place', async () => {
    const { store, puts } = await service(async ({ response, body }) => {
      await body();
      s3Failure(response, 503, 'SlowDown');
    });
    const error = await failure(store.probeCreate('p/'), 'storage-unavailable');
    expect(error.object).toBe('s3://buck/p/');
    expect(puts).toHaveLength(24);
  });

  test('keys that are refused are, at once, also without the body', async () => {
    const { store, puts } = await service(async ({ response }) => s3Failure(response, 403, 'AccessDenied'));
    expect(await failure(store.probeCreate('p/'), 'storage-auth')).toMatchObject({ exit: 30 });
    expect(puts).toHaveLength(8);
  });

  test('a service that says 200 without an ETag is none', async () => {
    const { store } = await service(async ({ response, body }) => {
      await body();
      response.writeHead(200).end();
    });
    await failure(store.probeCreate('p/'), 'storage-unavailable');
  });

  test('nobody there', async () => {
    const config = {
      endpoint: 'http://127.0.0.1:1',
      region: 'us-east-1',
      credentials: { accessKeyId: 'k', secretAccessKey: 's' },
    };
    await failure(createS3Store(config, 'buck').probeCreate('p/'), 'storage-unavailable');
  });

  test('an interrupt ends it while bodies wait', async () => {
    const controller = new AbortController();
    const { store } = await service(async ({ count, body }) => {
      void body().catch(() => {});
      if (count === 8) controller.abort();
    });
    await failure(store.probeCreate('p/', { signal: controller.signal }), 'interrupted');
    await failure(store.probeCreate('p/', { signal: controller.signal }), 'interrupted');
  });
});

describeWith(['s3'], 'MinIO', (lab) => {
  test('has true conditional writes, and nothing of the probe stays', async () => {
    const store = createS3Store(labConfig(lab), await freshBucket(lab));
    for (let i = 0; i < 2; i++) expect(await store.probeCreate('probe é+/')).toBe(true);
    expect(await all(store, '')).toEqual([]);
  });
});

describeWith(['versitygw'], 'versitygw', (found) => {
  const lab = { ...found, s3: found.versitygw };

  test('has none, every time it is asked, and nothing of the probe stays', async () => {
    const store = createS3Store(labConfig(lab), await freshBucket(lab));
    for (let i = 0; i < 5; i++) expect(await store.probeCreate('probe/')).toBe(false);
    expect(await all(store, '')).toEqual([]);
  });
});
