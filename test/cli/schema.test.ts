import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { violations } from './schema.js';

const FOLDER = new URL('../../specs/schemas/', import.meta.url);

test.each(readdirSync(FOLDER))('%s is a schema of draft 2020-12 that names itself', (file) => {
  expect(JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: file,
    title: expect.any(String),
  });
});

test('the check itself can fail', () => {
  const good = { v: 1, type: 'info', ts: 't', cmd: null, run_id: 'r', message: 'm' };
  expect(violations(good, 'event.json')).toEqual([]);
  expect(violations({ ...good, v: 2 }, 'info.json')).toEqual(['$.v: not 1']);
  expect(violations({ ...good, message: 1 }, 'info.json')).toEqual(['$.message: is not string']);
  expect(violations({ ...good, extra: 1 }, 'info.json')).toEqual(['$.extra: not published']);
  const { message: _message, ...less } = good;
  expect(violations(less, 'info.json')).toEqual(['$.message: missing']);
  expect(violations({ ...good, type: 'nothing' }, 'event.json')).not.toEqual([]);
});
