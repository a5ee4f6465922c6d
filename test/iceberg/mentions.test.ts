import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findMentions } from '../../src/iceberg/mentions.js';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}.metadata`, import.meta.url));

test('properties and summaries that hold the root, whatever their spelling, without the path fields', () => {
  expect(findMentions(fixture('hand-v3'), 'x', 's3://bucket/db/t/')).toEqual([
    { where: 'properties."owner"', value: 's3://bucket/db/t/people', count: 1 },
    { where: 'snapshots[].summary."from"', value: 's3://bucket/db/t', count: 2 },
  ]);
  expect(findMentions(fixture('pyiceberg-v2'), 'x', 's3://warehouse/db/t2')).toEqual([
    { where: 'properties."note"', value: 'under s3://warehouse/db/t2', count: 1 },
  ]);
});

test('nothing for another root or an empty one', () => {
  expect(findMentions(fixture('hand-v3'), 'x', 's3://bucket/db/u')).toEqual([]);
  expect(findMentions(fixture('hand-v3'), 'x', '/')).toEqual([]);
});

test('a key of $& is named as it is, and a number is no mention', () => {
  expect(findMentions(Buffer.from('{"properties":{"$&\\"":"at r","n":1,"r":null}}'), 'x', 'r')).toEqual([
    { where: 'properties."$&\\""', value: 'at r', count: 1 },
  ]);
});
