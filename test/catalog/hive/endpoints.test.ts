import { expect, test } from 'vitest';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';

test.each([
  ['thrift://h:9083', ['h|9083']],
  ['thrift://h', ['h|9083']],
  ['thrift://h:1/', ['h|1']],
  [' thrift://h1:1 , thrift://h2:2,', ['h1|1', 'h2|2']],
  ['thrift://[::1]:9083', ['::1|9083']],
  ['thrift://127.0.0.1:65535', ['127.0.0.1|65535']],
])('%s', (uris, expected) => {
  expect(parseEndpoints(uris).map(({ host, port }) => `${host}|${port}`)).toEqual(expected);
});

test.each(['', ',', 'h:9083', 'http://h:9083', 'thrift://', 'thrift://h:99999', 'thrift://h/db', 'thrift://h?x=1', 'thrift:h'])(
  '%j is refused',
  (uris) => {
    expect(() => parseEndpoints(uris)).toThrow(expect.objectContaining({ code: 'config' }));
  },
);

test('a password is refused and never repeated', () => {
  let message = '';
  try {
    parseEndpoints('thrift://h1:1,thrift://me:hunter2@h:1');
  } catch (error) {
    message = JSON.stringify(error) + String(error);
  }
  expect(message).toContain('user or password');
  expect(message).not.toContain('hunter2');
});
