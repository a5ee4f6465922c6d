import { expect, test } from 'vitest';
import { JsonCursor } from '../../src/iceberg/json/cursor.js';
import { readSpellings, SpellingRecord } from '../../src/iceberg/spellings.js';

function read(text: string) {
  const cursor = JsonCursor.open(Buffer.from(text), 'x');
  cursor.kind();
  return { start: cursor.at + 1, ...readSpellings(cursor) };
}

test('what is recorded is found again under its occurrence, if it spells what is asked for', () => {
  const record = new SpellingRecord();
  expect(record.text()).toBe('');
  expect([record.next('location'), record.next('a[]'), record.next('a[]')]).toEqual(['location#0', 'a[]#0', 'a[]#1']);
  record.add('a[]#1', Buffer.from('s3:\\/\\/caf\\u00e9'));
  const found = read(`{${record.text()}"location":1}`);
  expect(found.end).toBe(found.start + record.text().length);
  expect(found.find('a[]#1', 's3://café')?.toString()).toBe('s3:\\/\\/caf\\u00e9');
  expect(found.find('a[]#1', 's3://cafe')).toBeUndefined();
  expect(found.find('a[]#0', 's3://café')).toBeUndefined();
});

test.each([
  '{}',
  '{"location":1}',
  '{ "bcn-spelling":{"a#0":"x"},"b":1}',
  '{"bcn-spelling": {"a#0":"x"},"b":1}',
  '{"bcn-spelling":{"a#0":"x"}}',
  '{"bcn-spelling":{"a#0":"x"} ,"b":1}',
  '{"bcn-spelling":{"a#0":1},"b":1}',
  '{"b":1,"bcn-spelling":{"a#0":"x"}}',
])('%s holds no record', (text) => {
  const { start, end } = read(text);
  expect(end).toBe(start);
});
