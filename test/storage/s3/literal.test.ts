import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { failure } from '../../conformance/storage-parts/tools.js';
import { type Seen, s3Failure, storeOf, xml } from './fake-server.js';

type Fold = (key: string) => string;

/** A service that keeps objects under what it makes of their keys, and lists them so. */
function service(fold: Fold) {
  const objects = new Map<string, Buffer>();
  const puts: string[] = [];
  const answer = ({ method, url, body }: Seen, response: ServerResponse) => {
    // A URL parser would resolve dots itself.
    const [path = '', query] = url.split('?');
    const searchParams = new URLSearchParams(query);
    const key = fold(decodeURIComponent(path.slice('/buck/'.length)));
    response.setHeader('etag', '"e"');
    if (method === 'PUT') {
      puts.push(key);
      objects.set(key, body);
      response.end();
    } else if (method === 'POST') {
      for (const [, named = ''] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)) objects.delete(fold(named));
      xml(response, '<DeleteResult/>');
    } else if (searchParams.has('list-type')) {
      const found = [...objects.keys()].filter((name) => name.startsWith(searchParams.get('prefix') ?? ''));
      const contents = found.map((name) => `<Contents><Key>${encodeURIComponent(name)}</Key><Size>1</Size></Contents>`);
      xml(response, `<ListBucketResult><Name>buck</Name><EncodingType>url</EncodingType>${contents.join('')}</ListBucketResult>`);
    } else if (method === 'DELETE') {
      objects.delete(key);
      response.writeHead(204).end();
    } else {
      const bytes = objects.get(key);
      if (bytes) response.end(bytes);
      else s3Failure(response, 404, 'NoSuchKey');
    }
  };
  return { objects, puts, answer };
}

const literally: Fold = (key) => key;
const asPath: Fold = (key) =>
  key
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/');

test('plain keys, however strange, are tried by nothing', async () => {
  const { puts, answer } = service(literally);
  const { store, fake } = await storeOf(answer);
  const plain = ['a', 'a b%2F+c=#d?e', 'x/y/', '...', '..a/b..', 'ü\u{1F600}'];
  for (const key of plain) await store.create(key, Buffer.from('x'));
  expect(puts).toEqual(plain);
  expect(fake.seen.length).toBe(plain.length);
});

test('each form is tried once per bucket, also by many at once, and nothing of it stays', async () => {
  const { objects, puts, answer } = service(literally);
  const { store } = await storeOf(answer);
  const keys = ['a//1', 'a//2', 'b//3', '/c', '/d', 'e/./f', 'g/../h', 'i/.', 'j\u0001', 'k\u0001l', 'm\u0002', '//n'];
  await Promise.all(keys.map((key) => store.create(key, Buffer.from('x'))));
  await Promise.all(keys.map((key) => store.upload(`${key}!`, Readable.from([Buffer.from('x')]), 1)));
  expect([...objects.keys()].sort()).toEqual([...keys, ...keys.map((key) => `${key}!`)].sort());
  const trials = puts.filter((key) => key.includes('.bcn-try-'));
  // '//', '/', dots, U+0001, U+0002, '/' with '//'.
  expect(trials.length).toBe(6);
});

test('where a key would be another one, it is refused, and the other one is as it was', async () => {
  const { objects, puts, answer } = service(asPath);
  const { store } = await storeOf(answer);
  await store.create('a/b', Buffer.from('mine'));
  for (const key of ['a//b', '/a/b', 'a/./b', 'a/b/.', '//a/b']) {
    const body = Readable.from([Buffer.from('x')]);
    await failure(store.create(key, Buffer.from('x')), 'name-conflict');
    await failure(store.upload(key, body, 1), 'name-conflict');
    await failure(store.copy({ store, key: 'a/b', size: 4 }, key), 'name-conflict');
    expect(body.destroyed).toBe(true);
    await store.delete([key]);
    // A read is passed on: an engine would see the same.
    expect((await store.get(key)).bytes.toString()).toBe('mine');
  }
  expect([...objects].map(([key, bytes]) => [key, bytes.toString()])).toEqual([['a/b', 'mine']]);
  expect(puts.filter((key) => !key.includes('.bcn-try-'))).toEqual(['a/b']);
});

test('odd keys are deleted by a process that has not written them: one trial, or a look at each where that is denied', async () => {
  for (const denied of [false, true]) {
    const { objects, answer } = service(literally);
    const keys = Array.from({ length: 5 }, (_, i) => `a//${i}`);
    for (const key of keys) objects.set(key, Buffer.from('x'));
    const { store, fake } = await storeOf((seen, response) => {
      if (denied && seen.method === 'PUT') s3Failure(response, 403, 'AccessDenied');
      else answer(seen, response);
    });
    await store.delete([...keys, 'a//none']);
    expect([...objects.keys()]).toEqual([]);
    const listings = fake.seen.filter(({ url }) => url.includes('list-type')).length;
    expect(listings).toBe(denied ? 6 : 1);
  }
});

test('a trial that is denied says nothing of the key, and is made again', async () => {
  let denied = true;
  const { objects, answer } = service(literally);
  const { store } = await storeOf((seen, response) => {
    if (denied && seen.method === 'PUT') s3Failure(response, 403, 'AccessDenied');
    else answer(seen, response);
  });
  expect((await failure(store.create('a//b', Buffer.from('x')), 'storage-auth')).object).toBe('s3://buck/a//b');
  denied = false;
  await store.create('a//b', Buffer.from('x'));
  expect([...objects.keys()]).toEqual(['a//b']);
});

test('who may not delete leaves the trial behind, and goes on', async () => {
  const { objects, answer } = service(literally);
  const { store } = await storeOf((seen, response) => {
    if (seen.method === 'POST') s3Failure(response, 403, 'AccessDenied');
    else answer(seen, response);
  });
  await store.create('a//b', Buffer.from('x'));
  expect([...objects.keys()].sort()).toEqual([expect.stringMatching(/^a\/\/\.bcn-try-/), 'a//b']);
});

test('an interruption ends the trial, and is not remembered', async () => {
  const { objects, answer } = service(literally);
  let silent = true;
  const { store } = await storeOf((seen, response) => {
    if (!silent) answer(seen, response);
  });
  await failure(store.create('a//b', Buffer.from('x'), { signal: AbortSignal.timeout(100) }), 'interrupted');
  silent = false;
  await store.create('a//b', Buffer.from('x'));
  expect([...objects.keys()]).toEqual(['a//b']);
});

test('a key with no room for a trial beside it is tried nearer to the root, or refused', async () => {
  const { puts, answer } = service(literally);
  const { store } = await storeOf(answer);
  const deep = `a//${'k'.repeat(1010)}/x`;
  await store.create(deep, Buffer.from('x'));
  expect(puts[0]).toMatch(/^a\/\/\.bcn-try-[0-9a-f]{8}$/);
  const full = `${'k'.repeat(1015)}//x`;
  const { store: other } = await storeOf(answer);
  expect((await failure(other.create(full, Buffer.from('x')), 'name-conflict')).message).toContain('too long');
  expect(puts).not.toContain(full);
});
