import { expect, test } from 'vitest';
import { getText, getTextMap } from '../../../src/catalog/hive/fields.js';
import { hiveTable, TABLE } from '../../../src/catalog/hive/hive-table.js';
import { isRehearsal, isRehearsalName, rehearsalEntry, rehearsalOf } from '../../../src/catalog/hive/rehearsal-entry.js';
import type { Registration } from '../../../src/catalog/port.js';
import { tableMetadata } from '../table-metadata.js';

const IDENT = { namespace: ['db'], name: 't' };

function entryOf(properties: Record<string, string> = {}) {
  const metadata = tableMetadata({ properties: new Map(Object.entries(properties)) });
  const registration: Registration = { ident: IDENT, metadataLocation: 's3://b/t/metadata/00001-x.metadata.json', metadata };
  return hiveTable(registration, 'me', 0);
}

test('the name tells tables of one name in two databases apart, and is one that every metastore takes', () => {
  const { namespace, name } = rehearsalOf(IDENT);
  expect(namespace).toEqual(['db']);
  expect(name).toMatch(/^bcn_rehearsal_[0-9a-f]{16}$/);
  expect(isRehearsalName(name)).toBe(true);
  expect(rehearsalOf({ namespace: ['db'], name: 't' }).name).toBe(name);
  expect(rehearsalOf({ namespace: ['db2'], name: 't' }).name).not.toBe(name);
  expect(rehearsalOf({ namespace: ['db'], name: 't2' }).name).not.toBe(name);
});

test('the entry is the one to register but for its name, its table_type and the mark', () => {
  const table = entryOf({ mine: 'x' });
  const entry = rehearsalEntry(table, 'other', 'token');
  expect([...entry.keys()]).toEqual([...table.keys()]);
  for (const id of table.keys()) {
    if (id !== TABLE.name && id !== TABLE.parameters) expect(entry.get(id)).toBe(table.get(id));
  }
  expect(getText(entry, TABLE.name)).toBe('other');
  expect(Object.fromEntries(getTextMap(entry, TABLE.parameters))).toEqual({
    ...Object.fromEntries(getTextMap(table, TABLE.parameters)),
    table_type: 'BCN_REHEARSAL',
    'bcn.rehearsal': 'token',
  });
  expect([isRehearsal(table), isRehearsal(entry)]).toEqual([false, true]);
});

test('whoever drops it deletes no file', () => {
  for (const key of ['gc.enabled', 'external.table.purge', 'External.Table.Purge']) {
    const keys = [...getTextMap(rehearsalEntry(entryOf({ [key]: 'true' }), 'other', 'token'), TABLE.parameters).keys()];
    expect(keys.filter((each) => each.toLowerCase() === 'external.table.purge')).toEqual([]);
  }
});

test('a table with a property of the mark’s name is a table', () => {
  expect(isRehearsal(entryOf({ 'bcn.rehearsal': 'token' }))).toBe(false);
});
