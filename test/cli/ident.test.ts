import { expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/port.js';
import { identOf } from '../../src/cli/ident.js';

test('dots separate the levels of a path catalog; Hive has one level', () => {
  expect(identOf({ type: 'path' } as Catalog, 'a.b', 't')).toEqual({ namespace: ['a', 'b'], name: 't' });
  expect(identOf({ type: 'hive' } as Catalog, 'a.b', 't')).toEqual({ namespace: ['a.b'], name: 't' });
});
